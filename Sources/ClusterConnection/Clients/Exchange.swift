/// What two CCMs agree on once they are established: versions, clients, ports, ready (claims C3 to C7).
///
/// Each side says who it is, then which clients it has, then which ports it made for those that have a
/// counterpart, then whose ports can receive. A message says all that its kind has to say at that moment, so
/// nothing waits in a queue: what changed while a message could not be sent is in the next one.
struct Exchange: Sendable {
    /// What the connection has come to.
    enum Standing: Sendable {
        /// No connection.
        case none
        /// Waiting for the partner's peer information.
        case greeting
        /// Both have said who they are.
        case open
        /// Refused by either side; the connection is about to end.
        case refused
    }

    /// How far a client's ports have come.
    enum Ports: Sendable {
        /// None, and none under way.
        case none
        /// The driver makes them.
        case making(ClientPair)
        /// Made; the partner's may be awaited.
        case made(PortTable)
        /// The driver connects them with the partner's.
        case connecting(PortTable)
        /// They can receive.
        case connected(PortTable)
        /// So they can at the partner; the client was told.
        case ready(PortTable)
        /// They could not be made, or failed.
        case failed

        var table: PortTable? {
            switch self {
            case .none, .making, .failed: nil
            case .made(let table), .connecting(let table), .connected(let table), .ready(let table): table
            }
        }

        /// Whether the driver is at work on them.
        var areUnderWay: Bool {
            switch self {
            case .making, .connecting: true
            case .none, .made, .connected, .ready, .failed: false
            }
        }

        var pair: ClientPair? {
            if case .making(let pair) = self { return pair }
            return table?.pair
        }
    }

    /// A client of this side.
    struct Registration: Sendable {
        let client: ClientID
        let information: ClientInformation
        var ports: Ports = .none
        /// Whether it has been told, on this connection, that it has no counterpart.
        var wasToldOfNone = false
        /// Whether it was part of the set that the partner was told last.
        var isSaid = false
        /// Whether the partner knows its table.
        var isAnnounced = false
        /// Whether it was ready when the connection ended, and has not been told of a loss.
        var lossIsOwed = false
        /// Whether it was told instead that its ports will come back on another rail.
        var isPaused = false
        /// The client that it was ready with when the connection ended.
        var counterpart: ClientSet.Entry?
        /// The table that the partner sent for it.
        var partnerTable: PortTable?
    }

    /// How many messages may be under way that the partner has not taken: as many as it has receives posted.
    static let window: UInt32 = 8

    var standing = Standing.none
    var connection = ConnectionID(value: 0)
    var partner = Incarnation.none
    /// The protocol version of the connection.
    var version: UInt16 = 0
    /// What the partner said of itself.
    var partnerInformation: PeerInformation?
    /// In the order of their registration, which is the order in which they are told of everything.
    var registrations: [Registration] = []
    /// The partner's clients, of the latest set.
    var partnerSet: ClientSet?
    /// Pairs whose ports could not be made here, and of which the partner has yet to hear.
    var failedPairs: [ClientPair] = []
    /// Whose ports can receive here, as last said.
    var pairsSaid: [ClientPair] = []
    /// Whose ports can receive at the partner, as last heard.
    var partnerReady: [ClientPair] = []

    /// Number of the own set; rises with every change.
    var setNumber: UInt32 = 1
    /// What is yet to be said.
    var owesInformation = false
    var owesSet = false
    var owesReady = false
    var refusal: Refusal?
    /// Whether ready has been said on this connection, and heard.
    var saidReady = false
    var heardReady = false
    var recordedReady = false

    /// How many messages were sent on this connection, how many of them were delivered, how many the partner has
    /// taken, and how many of its own have been taken here.
    var sent: UInt32 = 0
    var delivered: UInt32 = 0
    var taken: UInt32 = 0
    var received: UInt32 = 0
    /// How many messages taken the own status block shows, as far as it was published: what the partner may know.
    var shown: UInt32 = 0
}

extension Exchange {
    /// Whether both sides have said ready on the present connection.
    var isReady: Bool { standing == .open && saidReady && heardReady }

    /// Whether the partner has a receive left for one more message.
    var maySend: Bool { standing != .none && sent &- taken < Self.window }

    /// Whether the partner has sent more than it can have known that there are receives for.
    var isOverrun: Bool { received &- shown > Self.window }

    /// All that the own clients ask for.
    var ownSet: ClientSet {
        ClientSet(
            number: setNumber,
            entries: registrations.map { ClientSet.Entry(client: $0.client, information: $0.information) })
    }

    func index(of pair: ClientPair) -> Int? { registrations.firstIndex { $0.ports.pair == pair } }

    /// Everything anew for a connection, but the clients.
    mutating func open(_ peer: Peer) {
        let clients = registrations
        let number = setNumber
        self = Exchange()
        registrations = clients
        setNumber = number
        standing = .greeting
        connection = peer.connection
        partner = peer.incarnation
        version = peer.version
        owesInformation = true
        for index in registrations.indices { registrations[index].isSaid = false }
    }

    /// The connection is gone. What remains is who is yet to be told of a loss, and of whose.
    mutating func close() {
        standing = .none
        for index in registrations.indices {
            if case .ready(let table) = registrations[index].ports {
                registrations[index].lossIsOwed = true
                registrations[index].counterpart = partnerSet?.entries.first {
                    $0.client == table.pair.partner
                }
            }
            registrations[index].reset()
        }
        partnerSet = nil
    }

    /// The tables that the partner does not know, all in one message: none while any is still being made.
    mutating func takeTablesToSay() -> [PortTable]? {
        for registration in registrations {
            if case .making = registration.ports { return nil }
        }
        var tables = failedPairs.map {
            PortTable(pair: $0, ports: [], memoryAddress: 0, memoryByteCount: 0, memoryKey: 0)
        }
        failedPairs = []
        for index in registrations.indices where !registrations[index].isAnnounced {
            guard let table = registrations[index].ports.table else { continue }
            registrations[index].isAnnounced = true
            tables.append(table)
        }
        return tables.isEmpty ? nil : tables
    }

    /// The pairs that are ready here, when there is something new to say of them: not while ports of any are
    /// still under way, so that the first ready is that of all.
    mutating func takePairsToSay() -> [ClientPair]? {
        guard partnerSet != nil, owesReady || !saidReady else { return nil }
        var pairs: [ClientPair] = []
        for registration in registrations {
            switch registration.ports {
            case .making, .made, .connecting: return nil
            case .connected(let table), .ready(let table): pairs.append(table.pair)
            case .none, .failed: break
            }
        }
        owesReady = false
        saidReady = true
        pairsSaid = pairs
        return pairs
    }
}

extension Exchange.Registration {
    /// No ports, and nothing known of the partner's.
    mutating func reset() {
        ports = .none
        wasToldOfNone = false
        isAnnounced = false
        partnerTable = nil
    }
}
