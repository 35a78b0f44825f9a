import Simulation
import Synchronization

@testable import ClusterConnection

// What was wrong in the systems that the field's bugs are of, put into this connection manager.

extension FieldBug {
    static let all: [FieldBug] = [
        FieldBug(
            "survivor-accepts-next-life", .holdsEachNewLifeForStale,
            "a established within 1s of step boot-b@1"),
        FieldBug(
            "idle-pair-notices-a-power-off", .named("takes failed reads for delays"),
            "a verdict (verdict unreachable) within 165ms"),
        FieldBug(
            "connecting-before-the-partner-exists", .isSpoiltByItsFirstFailure, "a established within 100ms"),
        FieldBug(
            "restarted-again-and-again", .named("leaves the endpoint of a lost connection behind"),
            breaks: .nothingLeaks,
            "more cm_id"),
        FieldBug(
            "asking-before-anybody-listens", .isSpoiltByItsFirstFailure, "a established within 100ms"),
        FieldBug(
            "both-stop-at-once-and-come-back", .named("never ends its goodbye"), "a stopped within 200ms"),
        FieldBug(
            "nothing-sent-before-partner-is-armed", .tellsReadyOfPortsThatWereMade, breaks: .readyWhenBoth,
            "was told ready before"),
        FieldBug("partner-dies-at-each-step", .hearsNoEnd, "a handshakeFailed or a retired within 50ms"),
        FieldBug(
            "partner-falls-silent-at-each-step", .named("has no deadline for the handshake"),
            "within 1100ms of step boot-b"),
        FieldBug("both-open-at-once", .givesUpAConnectionInUse, "exactly 1 times"),
        FieldBug(
            "nobody-posts-before-the-initiator-is-up", .postsAsSoonAsItHasAccepted, "never b firstReadPosted"),
        FieldBug(
            "restarted-before-the-survivor-notices",
            .named("lets a rebooted partner wait until the old connection dies"),
            "a verdict (verdict rebooted) within 500ms"),
        FieldBug("keys-are-learnt-anew-from-each-life", .keepsTheFirstKeyItLearnt, "a clientReady within 1s"),
        FieldBug(
            "a-failing-step-makes-no-storm", .named("tries again without a pause"),
            "connectStarted at most 6 times"),
        FieldBug("equal-timers-do-not-meet-for-ever", .turnsItsPartnerAwayWhileItAsks, "within 250ms"),
        FieldBug(
            "teardown-does-not-wait-for-the-frozen", .named("never ends its goodbye"),
            "a retired (reason farewellTimer) within 100ms"),
        FieldBug("teardown-under-load", .named("never ends its goodbye"), "stopped within 300ms"),
        FieldBug("death-around-the-establishment", .isLostWhenTheEndComesFirst, "a established within 500ms"),
        FieldBug(
            "restarted-under-load-and-truly-ready", .named("skips read 2"), "a secondReadCompleted"),
        FieldBug(
            "both-ends-find-a-cut-when-idle", .named("takes failed reads for delays"),
            "a verdict (verdict unreachable) within 165ms"),
        FieldBug(
            "both-ends-find-a-cut-when-loaded", .named("takes failed reads for delays"),
            "verdict (verdict unreachable) within 165ms"),
        FieldBug(
            "restarted-while-ports-are-made", .named("keeps the exchange of a lost connection"),
            "a clientReady"),
        FieldBug("old-a-and-unknown-words-of-b", .leavesAtUnknownWords, "peerInformation (version 1)"),
        FieldBug("old-b-and-unknown-words-of-a", .leavesAtUnknownWords, "peerInformation (version 1)"),
        FieldBug("no-common-version-and-no-storm", .named("tries again without a pause"), "at most 16 times"),
        FieldBug(
            "nothing-is-left-of-failed-connects", .named("leaves the endpoint of a lost connection behind"),
            breaks: .nothingLeaks, "more cm_id"),
        FieldBug("every-failure-says-why", .saysNothingOfFailures, "a connectFailed"),
    ]
}

extension Mutant {
    /// One of the catalogue.
    fileprivate static func named(_ name: String) -> Mutant {
        all.first { $0.name == name } ?? Mutant(name: "no mutant is called “\(name)”", breaks: [])
    }

    fileprivate static let holdsEachNewLifeForStale = Mutant(
        name: "holds each new life of its partner for a stale one", breaks: [],
        change: { event, manager, _ in
            guard case .connected(let connection, let words?) = event,
                let data = try? ConnectionPrivateData(words: words), manager.partnerIncarnation != .none,
                data.incarnation != manager.partnerIncarnation
            else { return true }
            event = .connectFailed(connection, .staleTransport)
            return true
        })

    fileprivate static let isSpoiltByItsFirstFailure = Mutant.omits(
        "is spoilt by its first failed attempt", breaks: []
    ) { action, manager in
        if case .connect = action { manager.counters.attemptsFailed > 0 } else { false }
    }

    fileprivate static let tellsReadyOfPortsThatWereMade = Mutant(
        name: "tells ready as soon as it has made its own ports", breaks: [],
        spoil: { event, manager, actions, _ in
            guard case .portsMade = event else { return }
            for index in manager.exchange.registrations.indices {
                guard case .made(let table) = manager.exchange.registrations[index].ports else { continue }
                manager.exchange.registrations[index].ports = .connected(table)
                manager.exchange.pairsSaid.append(table.pair)
                manager.exchange.partnerReady.append(table.pair)
            }
            manager.exchange.saidReady = true
            manager.exchange.heardReady = true
            manager.tellReady(into: &actions)
        })

    fileprivate static let hearsNoEnd = Mutant.ignores("hears of no end of a connection", breaks: []) {
        event, _ in
        if case .disconnected = event { true } else { false }
    }

    fileprivate static let givesUpAConnectionInUse = Mutant(
        name: "gives a connection in use up for another", breaks: [],
        change: { event, manager, _ in
            if case .completed(let connection, .heartbeatRead, .success, _) = event,
                manager.counters.established == 1
            {
                event = .disconnected(connection)
            }
            return true
        })

    fileprivate static let postsAsSoonAsItHasAccepted = Mutant(
        name: "posts as soon as it has accepted", breaks: [],
        spoil: { event, manager, actions, now in
            guard case .request(let request, _) = event,
                case .accepting(let peer) = manager[request.rail].link
            else { return }
            manager.beginHandshake(peer, at: now, into: &actions)
        })

    /// Of each life that has a key learnt, the first.
    fileprivate static let keepsTheFirstKeyItLearnt: Mutant = {
        let keys = KeyBook()
        return Mutant(
            name: "keeps the first key it learnt", breaks: [],
            spoil: { _, manager, actions, _ in
                for index in actions.indices {
                    guard case .readStatusBlock(let connection, let operation, let key) = actions[index]
                    else {
                        continue
                    }
                    actions[index] = .readStatusBlock(
                        connection, operation, key: keys.first(key, of: manager.incarnation))
                }
            })
    }()

    fileprivate static let turnsItsPartnerAwayWhileItAsks = Mutant.ignores(
        "turns its partner away while it asks itself", breaks: []
    ) { event, manager in
        guard case .request = event else { return false }
        return manager.counters.attempts + manager.counters.knocks < 5
    }

    fileprivate static let isLostWhenTheEndComesFirst = Mutant(
        name: "is lost when the end comes before the establishment", breaks: [],
        change: { event, manager, _ in
            guard let rail = event.rail else { return true }
            switch (event, manager[rail].link) {
            case (.disconnected, .handshaking), (.disconnected, .accepting), (.completed, .handshaking):
                if case .completed(_, _, .success, _) = event { return true }
                return false
            case (.request, .handshaking), (.request, .accepting), (.timer(.handshake, _), _): return false
            default: return true
            }
        })

    fileprivate static let leavesAtUnknownWords = Mutant(
        name: "leaves when it is told of what it does not know", breaks: [],
        change: { event, _, _ in
            if case .received(let connection, let bytes) = event, let message = try? Message(bytes: bytes),
                message.kind == .peerInformation,
                let information = try? PeerInformation(payload: message.payload),
                !information.capabilities.isEmpty
            {
                event = .overlong(connection)
            }
            return true
        })

    fileprivate static let saysNothingOfFailures = Mutant.omits("says nothing of failures", breaks: []) {
        action, _ in
        if case .record(let record) = action { record.event == .connectFailed } else { false }
    }
}

/// The first key that each life has read by.
private final class KeyBook: Sendable {
    private let keys = Mutex<[UInt64: UInt32]>([:])

    func first(_ key: UInt32, of incarnation: Incarnation) -> UInt32 {
        keys.withLock { keys in
            if let first = keys[incarnation.value] { return first }
            keys[incarnation.value] = key
            return key
        }
    }
}
