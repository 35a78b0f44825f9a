// What a simulator looks at after every event, as cheaply as it can be had.

/// What a simulator asks a connection manager after every event.
package struct Survey: Sendable {
    /// Where a manager stands on a rail, without what it knows there.
    package enum Stage: Sendable {
        case closed
        case waiting
        case connecting
        case accepting
        /// One of the four operations is under way.
        case operating
        /// It waits for the moment to read again, or for the partner's confirmation.
        case expecting
        case established
        /// Saying goodbye, to somebody or to nobody.
        case farewell(toSomebody: Bool)
    }

    /// `ConnectionManager.isReady`, and every client that has a counterpart has been told ready and not lost since.
    package var isReady = false
    package var areClientsReady = false
    /// The connection that carries the exchange, and with it the clients' ports; nil while none does.
    package var exchangeConnection: ConnectionID?
    /// Whether its rail holds that connection.
    package var holdsExchangeConnection = false
    /// How many messages of the connection that carries the exchange have been taken.
    package var messagesTaken: UInt32 = 0
    package var verdict: Verdict?
    package var isEstablished = false
    /// By rail; closed for rails that there are not.
    package var stages = InlineArray<4, Stage>(repeating: .closed)
}

extension ConnectionManager {
    /// Tells it all at once. Changes nothing: it is `mutating` so that the manager, which is large, is lent and not copied.
    package mutating func survey() -> Survey {
        var survey = Survey()
        survey.isReady = isReady
        survey.areClientsReady = areClientsReady
        survey.messagesTaken = exchange.received
        survey.verdict = verdict
        switch exchange.standing {
        case .none: break
        case .greeting, .open, .refused: survey.exchangeConnection = exchange.connection
        }
        for index in rails.indices {
            let stage = rails[index].stage
            survey.stages[index] = stage
            if case .established = stage { survey.isEstablished = true }
        }
        if let connection = survey.exchangeConnection {
            survey.holdsExchangeConnection =
                rails[Int(connection.rail.index)].link.peer?.connection == connection
        }
        return survey
    }

    /// Whether every client that has a counterpart has been told ready, and not lost since.
    package var areClientsReady: Bool {
        exchange.registrations.allSatisfy { registration in
            switch registration.ports {
            case .ready, .failed: true
            case .none: registration.wasToldOfNone
            case .making, .made, .connecting, .connected: false
            }
        }
    }
}

extension RailState {
    fileprivate var stage: Survey.Stage {
        switch link {
        case .closed: .closed
        case .waiting: .waiting
        case .connecting: .connecting
        case .accepting: .accepting
        case .handshaking(let handshake):
            if case .operation = handshake.step { .operating } else { .expecting }
        case .established: .established
        case .farewell(let peer): .farewell(toSomebody: peer != nil)
        }
    }
}
