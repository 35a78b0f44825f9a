import Simulation

@testable import ClusterConnection

// The catalogue: what could be wrong in a connection manager, one thing at a time.

extension Mutant {
    static let all: [Mutant] = handshake + connecting + heartbeat + loss + exchange + clients

    // MARK: The boot handshake

    private static let handshake: [Mutant] = [
        Mutant(
            name: "skips read 2", breaks: [.establishedTogether],
            spoil: { event, manager, actions, _ in
                guard case .completed(let connection, .firstWrite, .success, _) = event,
                    case .handshaking(var handshake) = manager[connection.rail].link
                else { return }
                handshake.step = .operation(.secondWrite)
                manager[connection.rail].link = .handshaking(handshake)
                let slot = MailboxSlot(
                    kind: .confirmation, writer: manager.incarnation, reader: handshake.peer.incarnation)
                actions.removeAll { if case .readStatusBlock = $0 { true } else { false } }
                actions.append(
                    .writeMailbox(
                        connection, .secondWrite, .confirmation, slot.words, key: handshake.peer.mailboxKey))
            }),
        Mutant(
            name: "takes read 2 for proof although the partner has not looked",
            breaks: [.establishedTogether],
            change: { event, manager, _ in
                if case .completed(let connection, .secondRead, .success, let words?) = event,
                    var block = try? StatusBlock(words: words)
                {
                    block.partnerSeen = manager.incarnation
                    event = .completed(connection, .secondRead, .success, block.words)
                }
                return true
            }),
        Mutant(
            name: "is established without the partner's confirmation", breaks: [.establishedTogether],
            change: { event, manager, _ in
                if case .completed(let connection, .secondWrite, .success, _) = event,
                    case .handshaking(var handshake) = manager[connection.rail].link
                {
                    handshake.confirmationSeen = true
                    manager[connection.rail].link = .handshaking(handshake)
                }
                return true
            }),
        Mutant(
            name: "trusts a block without its checksum", breaks: [.tornIsNotTrusted],
            change: { event, _, _ in
                if case .completed(let connection, let operation, .success, var words?) = event,
                    (try? StatusBlock(words: words)) == nil
                {
                    seal(&words)
                    event = .completed(connection, operation, .success, words)
                }
                return true
            }),
        Mutant(
            name: "ignores the incarnations in the mailbox, and never clears it",
            breaks: [.establishedTogether, .readyAgain, .noFalseVerdict],
            change: { event, manager, _ in
                guard case .mailbox(var mailbox, let rail) = event, let peer = manager[rail].link.peer else {
                    return true
                }
                for kind in MailboxSlot.Kind.allCases where (try? MailboxSlot(kind, in: mailbox)) != nil {
                    let slot = MailboxSlot(kind: kind, writer: peer.incarnation, reader: manager.incarnation)
                        .words
                    for index in slot.indices { mailbox[kind.offset / 8 + index] = slot[index] }
                }
                event = .mailbox(mailbox, rail)
                return true
            },
            spoil: { _, _, actions, _ in
                actions.removeAll { if case .clearMailbox = $0 { true } else { false } }
            }),
        Mutant(
            name: "greets with another incarnation than it read", breaks: [.readyAgain],
            spoil: { _, manager, actions, _ in
                for index in actions.indices {
                    guard
                        case .writeMailbox(let connection, .firstWrite, .greeting, _, let key) = actions[
                            index]
                    else { continue }
                    let slot = MailboxSlot(
                        kind: .greeting, writer: manager.incarnation, reader: manager.incarnation)
                    actions[index] = .writeMailbox(connection, .firstWrite, .greeting, slot.words, key: key)
                }
            }),
        Mutant(
            name: "never shows whom it saw", breaks: [.readyAgain, .establishedTogether],
            spoil: { _, manager, actions, _ in
                for index in actions.indices {
                    guard case .publish(let words, let rail) = actions[index],
                        var block = try? StatusBlock(words: words)
                    else { continue }
                    block.partnerSeen = .none
                    actions[index] = .publish(block.words, rail)
                }
            }),
        .omits("has no deadline for the handshake", breaks: [.nothingLeaks]) { action, _ in
            if case .setTimer(.handshake, _, _) = action { true } else { false }
        },
        .omits("looks into its mailbox only once", breaks: [.readyAgain, .nothingLeaks]) { action, _ in
            if case .setTimer(.poll, _, _) = action { true } else { false }
        },
        .omits("writes no confirmation", breaks: [.readyAgain, .nothingLeaks]) { action, _ in
            if case .writeMailbox(_, .secondWrite, _, _, _) = action { true } else { false }
        },
    ]

    // MARK: Connecting

    private static let connecting: [Mutant] = [
        .omits("has no deadline for an attempt", breaks: [.nothingLeaks, .readyAgain]) { action, _ in
            if case .setTimer(.attempt, _, _) = action { true } else { false }
        },
        .omits("does not try again", breaks: [.nothingLeaks, .readyAgain]) { action, _ in
            if case .setTimer(.backoff, _, _) = action { true } else { false }
        },
        Mutant(
            name: "tries again without a pause", breaks: [.attemptsArePaced],
            spoil: { _, _, actions, now in
                for index in actions.indices {
                    if case .setTimer(.backoff, _, let rail) = actions[index] {
                        actions[index] = .setTimer(.backoff, now, rail)
                    }
                }
            }),
        Mutant(
            name: "has no cap on its pauses", breaks: [.attemptsArePaced],
            spoil: { _, _, actions, now in
                for index in actions.indices {
                    if case .setTimer(.backoff, let at, let rail) = actions[index] {
                        actions[index] = .setTimer(.backoff, now + (at - now) * 100, rail)
                    }
                }
            }),
        .forgets("resets its backoff with every event", breaks: [.attemptsArePaced]) { manager in
            for rail in manager.railNumbers { manager[rail].backoff.reset() }
        },
        .omits("leaves the endpoint of an attempt behind", breaks: [.nothingLeaks, .driverCanObey]) {
            action, manager in
            guard case .retire(let connection) = action else { return false }
            return manager[connection.rail].link.peer?.connection != connection
        },
        .ignores("never answers a request", breaks: [.driverCanObey]) { event, _ in
            if case .request = event { true } else { false }
        },
        Mutant(
            name: "retires a connection twice", breaks: [.driverCanObey],
            spoil: { _, _, actions, _ in
                if let retire = actions.last(where: { if case .retire = $0 { true } else { false } }) {
                    actions.append(retire)
                }
            }),
        .ignores("lets a rebooted partner wait until the old connection dies", breaks: [.driverCanObey]) {
            event, manager in
            guard case .request(let request, _) = event else { return false }
            return manager[request.rail].link.peer != nil
        },
    ]

    // MARK: Heartbeats and verdicts

    private static let heartbeat: [Mutant] = [
        Mutant(
            name: "is hung after one miss", breaks: [.noFalseVerdict],
            change: { event, manager, _ in
                guard case .completed(let connection, .heartbeatRead, .success, _) = event,
                    case .established(var session) = manager[connection.rail].link
                else { return true }
                session.misses = max(session.misses, manager.settings.missLimit - 1)
                manager[connection.rail].link = .established(session)
                return true
            }),
        .forgets("never counts a miss", breaks: [.foundInTime]) { manager in
            for rail in manager.railNumbers {
                guard case .established(var session) = manager[rail].link else { continue }
                session.misses = 0
                manager[rail].link = .established(session)
            }
        },
        Mutant(
            name: "counts its own late ticks against the partner", breaks: [.noFalseVerdict],
            change: { _, manager, now in
                manager.lateAt = nil
                for rail in manager.railNumbers {
                    if let due = manager[rail].tickDue { manager[rail].tickDue = max(due, now) }
                }
                return true
            }),
        .omits("does not raise its counter", breaks: [.noFalseVerdict]) { action, manager in
            if case .publish(let words, let rail) = action, let block = try? StatusBlock(words: words) {
                return block.heartbeat > 3 && manager[rail].isEstablished
            }
            return false
        },
        .omits("stops ticking", breaks: [.nothingLeaks]) { action, manager in
            if case .setTimer(.tick, _, let rail) = action { manager[rail].isEstablished } else { false }
        },
        .ignores("does not hear that its partner left", breaks: [.foundInTime, .readyAgain, .noFalseVerdict])
        {
            event, manager in
            if case .disconnected(let connection) = event {
                manager[connection.rail].isEstablished
            } else {
                false
            }
        },
        Mutant(
            name: "calls a death silence", breaks: [.foundInTime],
            change: { event, manager, _ in
                if case .disconnected(let connection) = event, manager[connection.rail].isEstablished {
                    event = .completed(connection, .heartbeatRead, .retryExceeded, nil)
                }
                return true
            }),
        .ignores("takes failed reads for delays", breaks: [.foundInTime]) { event, _ in
            if case .completed(_, .heartbeatRead, .retryExceeded, _) = event { true } else { false }
        },
        Mutant(
            name: "takes another's late event for its own",
            breaks: [.noFalseVerdict, .nothingLeaks, .driverCanObey],
            change: { event, manager, _ in
                // As if the end of the connection before were the end of the present one.
                if case .completed(let connection, .heartbeatRead, .success, _) = event, connection.value > 3,
                    case .established(let session) = manager[connection.rail].link, session.heartbeat < 3
                {
                    event = .disconnected(connection)
                }
                return true
            }),
    ]

    // MARK: Loss

    private static let loss: [Mutant] = [
        Mutant(
            name: "tears down after telling its clients", breaks: [.fencedBeforeTold],
            spoil: { _, _, actions, _ in
                guard
                    let place = actions.firstIndex(where: {
                        if case .destroyPorts = $0 { true } else { false }
                    })
                else { return }
                actions.append(actions.remove(at: place))
            }),
        .omits("leaves ports behind", breaks: [.fencedBeforeTold, .nothingLeaks]) { action, _ in
            if case .destroyPorts = action { true } else { false }
        },
        .omits("leaves the endpoint of a lost connection behind", breaks: [.nothingLeaks, .driverCanObey]) {
            action, manager in
            if case .retire(let connection) = action {
                !manager[connection.rail].isEstablished
            } else {
                false
            }
        },
        .omits("does not tell a loss", breaks: [.readyTogether]) { action, _ in
            if case .notify(_, .lost) = action { true } else { false }
        },
        Mutant(
            name: "tells a loss twice", breaks: [.readyTogether],
            spoil: { _, _, actions, _ in
                if let notice = actions.first(where: {
                    if case .notify(_, .lost) = $0 { true } else { false }
                }) {
                    actions.append(notice)
                }
            }),
        Mutant(
            name: "keeps the exchange of a lost connection", breaks: [.nothingLeaks, .driverCanObey],
            change: { event, manager, _ in
                if case .disconnected(let connection) = event, connection == manager.exchange.connection {
                    manager.exchange.standing = .none
                }
                return true
            },
            spoil: { event, manager, _, _ in
                if case .disconnected = event { manager.exchange.standing = .open }
            }),
        .omits("never ends its goodbye", breaks: [.nothingLeaks]) { action, _ in
            if case .setTimer(.farewell, _, _) = action { true } else { false }
        },
    ]

    // MARK: The exchange

    private static let exchange: [Mutant] = [
        .omits("has no deadline for the exchange", breaks: [.nothingLeaks]) { action, _ in
            if case .setTimer(.exchange, _, _) = action { true } else { false }
        },
        .forgets("loses a message that came early", breaks: [.readyAgain, .noFalseVerdict]) { manager in
            for rail in manager.railNumbers { manager[rail].early = nil }
        },
        .omits("does not say who its clients are", breaks: [.readyAgain, .noFalseVerdict]) { action, _ in
            guard case .send(_, let bytes) = action else { return false }
            return (try? Message(bytes: bytes))?.kind == .clientInformation
        },
        Mutant(
            name: "says ready before its own ports can receive", breaks: [.readyTogether],
            spoil: { event, manager, actions, _ in
                guard case .portsMade = event else { return }
                for index in manager.exchange.registrations.indices {
                    switch manager.exchange.registrations[index].ports {
                    case .made(let table), .connecting(let table):
                        manager.exchange.registrations[index].ports = .connected(table)
                        manager.exchange.owesReady = true
                    default: continue
                    }
                }
                manager.saySomething(into: &actions)
            }),
    ]

    // MARK: Clients

    private static let clients: [Mutant] = [
        Mutant(
            name: "tells ready one message too early", breaks: [.readyTogether],
            spoil: { _, manager, actions, _ in
                guard manager.exchange.saidReady, !manager.exchange.heardReady else { return }
                for index in manager.exchange.registrations.indices {
                    guard case .connected(let table) = manager.exchange.registrations[index].ports else {
                        continue
                    }
                    manager.exchange.registrations[index].ports = .ready(table)
                    actions.append(
                        .notify(
                            manager.exchange.registrations[index].client,
                            .ready(manager.exchange.partner, ports: UInt32(table.ports.count), memory: 0)))
                }
            }),
        Mutant(
            name: "tells ready twice", breaks: [.readyTogether],
            spoil: { _, _, actions, _ in
                if let notice = actions.first(where: {
                    if case .notify(_, .ready) = $0 { true } else { false }
                }) {
                    actions.append(notice)
                }
            }),
        .omits("never tells ready", breaks: [.readyTogether]) { action, _ in
            if case .notify(_, .ready) = action { true } else { false }
        },
        .forgets("tells ready again after a pause", breaks: [.readyTogether]) { manager in
            for index in manager.exchange.registrations.indices {
                manager.exchange.registrations[index].isPaused = false
            }
        },
        .forgets("forgets that a paused client is owed a loss", breaks: [.readyTogether]) { manager in
            for index in manager.exchange.registrations.indices {
                manager.exchange.registrations[index].lossIsOwed = false
            }
        },
    ]
}
