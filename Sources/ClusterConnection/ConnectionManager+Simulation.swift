// What a simulator looks at after every event, as cheaply as it can be had.

extension ConnectionManager {
    /// The connection that carries the exchange, and with it the clients' ports; nil while none does.
    package var exchangeConnection: ConnectionID? {
        switch exchange.standing {
        case .none: nil
        case .greeting, .open, .refused: exchange.connection
        }
    }

    /// How many messages of the connection that carries the exchange have been taken.
    package var messagesTaken: UInt32 { exchange.received }

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
