// Which rail carries the exchange and the clients' ports, and what happens when that one is lost.
//
// The rule is the same on both sides: the partner with the lower node identity, which also connects, begins the exchange
// on the first rail on which it is established, and stays there until it has lost that connection; then it begins anew
// on the first rail that is still established. The other partner answers where it is spoken to. It does not speak
// first, unless it has no other rail.

extension ConnectionManager {
    /// Whether this side waits to be spoken to.
    var isSpokenTo: Bool { !settings.isInitiator && rails.count > 1 }

    /// A connection has been established: it carries the exchange if no other does.
    mutating func useForExchange(_ peer: Peer, at now: Instant, into actions: inout [Action]) {
        if exchange.standing == .none {
            if isSpokenTo {
                actions.append(.setTimer(.exchange, now + settings.exchangeTimeout))
            } else {
                return beginExchange(peer, at: now, into: &actions)
            }
        }
        guard let early = self[peer.rail].early else { return }
        self[peer.rail].early = nil
        received(peer.connection, early, at: now, into: &actions)
    }

    /// The connection that carried the exchange is lost, and another rail still carries heartbeats: the clients are
    /// told that their ports have gone, for a while, and the exchange begins anew there.
    mutating func goOnElsewhere(at now: Instant, into actions: inout [Action]) {
        guard exchange.standing == .none, let rail = firstEstablished,
            case .established(let session) = self[rail].link
        else { return }
        tellPauses(into: &actions)
        if isSpokenTo {
            actions.append(.setTimer(.exchange, now + settings.exchangeTimeout))
        } else {
            beginExchange(session.peer, at: now, into: &actions)
        }
    }

    /// The partner speaks on another connection than the one that carried the exchange: it has lost that one, and its
    /// ports with it, so they go here as well before anything is made in their place.
    ///
    /// - Returns: whether the exchange is on this connection now.
    mutating func moveExchange(to peer: Peer, at now: Instant, into actions: inout [Action]) -> Bool {
        guard isSpokenTo else { return false }
        if exchange.standing != .none {
            lose(exchange.connection.rail, nil, "partnerMoved", at: now, into: &actions)
        }
        beginExchange(peer, at: now, into: &actions)
        return true
    }
}

extension ConnectionManager {
    /// Whether the clients' ports, if there are any, are on this rail.
    public func carriesExchange(_ rail: RailID) -> Bool {
        exchange.standing != .none && exchange.connection.rail == rail
    }
}
