import Testing

@testable import ClusterConnection

// The transport: messages that take time, and one-sided operations that are tried again.

extension TwoPartners {
    /// Carries a message over, unless the rail is cut when it leaves or when it arrives.
    func send(to end: End?, on rail: RailID, _ arrive: @escaping () -> Void) {
        guard !cutRails.contains(rail) else { return }
        time.arrange(after: .nanoseconds(.random(in: latency, using: &random))) { [self] in
            guard !cutRails.contains(rail), end.map({ hasPower[$0.life.node] }) ?? true else { return }
            arrive()
        }
    }

    func tell(_ end: End, _ event: Event) {
        if end.exists { feed(event, to: end.life) }
    }

    func connect(_ life: Life, _ connection: ConnectionID, _ words: ConnectionPrivateData.Words) {
        let wire = Wire(initiator: End(life: life, connection: connection))
        life.wires[connection] = wire
        send(to: nil, on: connection.rail) { [self] in
            let other = 1 - life.node
            guard hasPower[other] else { return }
            guard let partner = lives[other], partner.isListening else {
                return send(to: wire.initiator, on: connection.rail) { [self] in
                    tell(wire.initiator, .connectFailed(connection, .nobodyListens))
                }
            }
            partner.requestNumber += 1
            let request = RequestID(value: partner.requestNumber, rail: connection.rail)
            partner.requests[request] = (wire, words)
            feed(.request(request, words), to: partner)
        }
    }

    func accept(
        _ life: Life, _ request: RequestID, _ connection: ConnectionID, _ words: ConnectionPrivateData.Words
    ) {
        guard let (wire, _) = life.requests.removeValue(forKey: request) else { return }
        life.wires[connection] = wire
        wire.acceptor = End(life: life, connection: connection)
        guard wire.initiator.exists else {
            // Its sender has given up meanwhile: the accept fails on the spot.
            return time.arrange(after: .zero) { [self] in
                if let end = wire.acceptor { tell(end, .connectFailed(connection, .local)) }
            }
        }
        send(to: wire.initiator, on: connection.rail) { [self] in
            tell(wire.initiator, .connected(wire.initiator.connection, words))
        }
    }

    /// Tells the other end that this one is gone.
    func sendEnd(of wire: Wire, from life: Life) {
        guard let end = wire.other(than: life) else { return }
        send(to: end, on: end.connection.rail) { [self] in
            let isUp = end.life === wire.initiator.life ? wire.initiator.isUp : wire.acceptor?.isUp ?? false
            tell(
                end,
                isUp ? .disconnected(end.connection) : .connectFailed(end.connection, .refusedByTransport))
        }
    }

    /// A one-sided operation: tried again until the partner's memory answers or the retries are exhausted.
    func reach(
        _ life: Life, _ connection: ConnectionID, _ operation: Operation, _ key: UInt32,
        since: Instant? = nil, _ touch: @escaping (Life) -> StatusBlock.Words?
    ) {
        guard let wire = life.wires[connection] else {
            Issue.record("\(name): \(operation) posted on a connection that is gone\n\(tail)")
            return
        }
        let here = End(life: life, connection: connection)
        let posted = since ?? now
        var answered = false
        send(to: nil, on: connection.rail) { [self] in
            guard let there = wire.other(than: life), there.exists, hasPower[there.life.node] else { return }
            let words = touch(there.life)
            send(to: here, on: connection.rail) { [self] in
                answered = true
                let reads = operation != .firstWrite && operation != .secondWrite
                tell(
                    here,
                    .completed(
                        connection, operation, words == nil ? .refusedByPartner : .success,
                        reads ? words : nil))
            }
        }
        time.arrange(after: .milliseconds(15)) { [self] in
            guard !answered, here.exists else { return }
            if now - posted >= retryTime {
                tell(here, .completed(connection, operation, .retryExceeded, nil))
            } else {
                reach(life, connection, operation, key, since: posted, touch)
            }
        }
    }
}
