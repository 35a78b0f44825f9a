// By what two connection managers are recognised as standing at the same place: all that decides what they will do next,
// but for what only counts, what only happened, and how long a pause will be.

/// The names that connections have in a fingerprint: numbers rise with every attempt, and say nothing.
package struct ConnectionNames: Sendable {
    private var known: [(connection: ConnectionID, name: UInt64)] = []

    /// No names yet.
    package init() {}

    package mutating func add(_ connection: ConnectionID, as name: UInt64) {
        known.append((connection, name))
    }

    /// The name of a connection; the same one for all that are gone.
    package subscript(connection: ConnectionID) -> UInt64 {
        for entry in known where entry.connection == connection { return entry.name }
        return .max
    }
}

extension ConnectionManager {
    /// Adds what it stands at.
    package func fingerprint(_ names: ConnectionNames, at now: Instant, into digest: inout Digest) {
        digest.add(verdict.map { UInt64($0.rawValue) + 1 } ?? 0)
        digest.add(partnerPhase.map { UInt64($0.rawValue) + 1 } ?? 0)
        digest.add(partnerIncarnation.value)
        superseded.fingerprint(into: &digest)
        digest.add(replaced.value)
        digest.add(incompatiblePartner.value)
        digest.add(stallIsReported)
        digest.add(wasLate(at: now))
        exchange.fingerprint(names, into: &digest)
        for rail in rails { rail.fingerprint(names, into: &digest) }
    }
}

extension RailState {
    fileprivate func fingerprint(_ names: ConnectionNames, into digest: inout Digest) {
        digest.add(UInt64(block.phase.rawValue))
        digest.add(block.partnerSeen.value)
        digest.add(UInt64(block.messagesTaken))
        for index in mailbox.indices { digest.add(mailbox[index]) }
        digest.add(partnerPhase.map { UInt64($0.rawValue) + 1 } ?? 0)
        digest.add(early.map { UInt64($0.count) + 1 } ?? 0)
        digest.add(tickDue != nil)
        switch link {
        case .closed: digest.add(1 as UInt64)
        case .waiting: digest.add(2 as UInt64)
        case .connecting(let attempt):
            digest.add(3 as UInt64)
            digest.add(names[attempt.connection])
        case .accepting(let peer):
            digest.add(4 as UInt64)
            peer.fingerprint(names, into: &digest)
        case .handshaking(let handshake):
            digest.add(5 as UInt64)
            handshake.peer.fingerprint(names, into: &digest)
            switch handshake.step {
            case .operation(let operation): digest.add(UInt64(operation.rawValue))
            case .nextRead(let operation): digest.add(16 + UInt64(operation.rawValue))
            case .confirmation: digest.add(32 as UInt64)
            }
            digest.add(min(handshake.repeats, 3))
            digest.add(handshake.greetingSeen)
            digest.add(handshake.confirmationSeen)
        case .established(let session):
            digest.add(6 as UInt64)
            session.peer.fingerprint(names, into: &digest)
            digest.add(UInt64(session.misses))
            digest.add(session.readPosted != nil)
        case .farewell(let peer):
            digest.add(7 as UInt64)
            peer?.fingerprint(names, into: &digest)
        }
    }
}

extension Peer {
    fileprivate func fingerprint(_ names: ConnectionNames, into digest: inout Digest) {
        digest.add(names[connection])
        digest.add(incarnation.value)
        digest.add(UInt64(version))
    }
}

extension SupersededIncarnations {
    fileprivate func fingerprint(into digest: inout Digest) {
        for incarnation in all { digest.add(incarnation.value) }
    }
}

extension Exchange {
    fileprivate func fingerprint(_ names: ConnectionNames, into digest: inout Digest) {
        switch standing {
        case .none: digest.add(0 as UInt64)
        case .greeting: digest.add(1 as UInt64)
        case .open: digest.add(2 as UInt64)
        case .refused: digest.add(3 as UInt64)
        }
        let isOn = if case .none = standing { false } else { true }
        for registration in registrations { registration.fingerprint(into: &digest) }
        digest.add(UInt64(setNumber))
        guard isOn else { return }
        digest.add(names[connection])
        digest.add(partner.value)
        digest.add(UInt64(version))
        digest.add(partnerInformation != nil)
        digest.add(partnerSet.map { UInt64($0.number) + 1 } ?? 0)
        digest.add(UInt64(failedPairs.count))
        digest.add(UInt64(pairsSaid.count))
        digest.add(UInt64(partnerReady.count))
        var flags: UInt64 = 0
        for flag in [owesInformation, owesSet, owesReady, refusal != nil, saidReady, heardReady] {
            flags = flags << 1 | (flag ? 1 : 0)
        }
        digest.add(flags)
        for count in [sent, delivered, taken, received, shown] { digest.add(UInt64(count)) }
    }
}

extension Exchange.Registration {
    fileprivate func fingerprint(into digest: inout Digest) {
        digest.add(UInt64(client.value))
        digest.add(ports.pair.map { UInt64($0.partner.value) + 1 } ?? 0)
        switch ports {
        case .none: digest.add(0 as UInt64)
        case .making: digest.add(1 as UInt64)
        case .made: digest.add(2 as UInt64)
        case .connecting: digest.add(3 as UInt64)
        case .connected: digest.add(4 as UInt64)
        case .ready: digest.add(5 as UInt64)
        case .failed: digest.add(6 as UInt64)
        }
        for flag in [
            wasToldOfNone, isAnnounced, lossIsOwed, isPaused, lossIsOwed && counterpart != nil,
            partnerTable != nil,
        ] {
            digest.add(flag)
        }
    }
}
