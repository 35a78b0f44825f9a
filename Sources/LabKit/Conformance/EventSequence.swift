import ClusterConnection

/// What a connection manager was told in one life, in the form in which two fabrics can be compared.
///
/// What may differ by time alone is folded away: timers, the clock's boot phases, heartbeats that were read, a read that
/// is repeated, an attempt that ends like the one before it. Connections have the numbers in which they came up; keys,
/// times and incarnations are left out. Kinds, outcomes and reasons are as they were told.
///
/// Each strand is a queue whose order verbs promise: among the strands they promise none.
struct EventSequence: Hashable, Sendable {
    /// One queue: what was told of it, in its order.
    struct Strand: Hashable, Sendable {
        var name: String
        var lines: [String]
    }

    /// Those that hold anything.
    let strands: [Strand]

    /// These strands.
    init(strands: [Strand]) { self.strands = strands }

    /// Everything that a life was told.
    init(_ told: [ToldEvent]) {
        var own: [String] = []
        var rails: [RailStrands] = []
        for told in told {
            if let line = Self.ownLine(told.event) { own.append(line) }
            guard let index = told.event.conformedRail else {
                for index in rails.indices { rails[index].note(told, of: index) }
                continue
            }
            while rails.count <= index { rails.append(RailStrands()) }
            rails[index].take(told.event)
            for index in rails.indices { rails[index].note(told, of: index) }
        }
        var strands = own.isEmpty ? [] : [Strand(name: "own", lines: own)]
        for (index, rail) in rails.enumerated() { strands += rail.strands(of: index) }
        self.strands = strands
    }

    /// How many events it holds.
    var count: Int { strands.reduce(0) { $0 + $1.lines.count } }

    /// What comes from the life's own side. A boot phase is a moment of its clock.
    private static func ownLine(_ event: Event) -> String? {
        switch event {
        case .listening(let rail, _, _): "listening on rail \(rail.index)"
        case .railLost(let rail): "rail \(rail.index) lost"
        case .register(let client, let information): "client \(client.value) registers: \(information.name)"
        case .withdraw(let client): "client \(client.value) withdraws"
        case .stop: "stop"
        case .bootPhase, .timer, .request, .connected, .refused, .connectFailed, .disconnected, .completed,
            .received, .overlong, .sent, .accessRefused, .portsMade, .portsConnected, .portsFailed, .mailbox:
            nil
        }
    }
}

/// The strands of one rail, as they grow.
private struct RailStrands {
    /// An attempt of this side, or a request of the partner's, with the connection's own events.
    private struct Approach {
        var connection: ConnectionID?
        var request: RequestID?
        let kind: String
        var events: [String] = []

        var line: String { events.isEmpty ? kind : "\(kind): \(events.joined(separator: ", "))" }
    }

    private var attempts: [Approach] = []
    private var requests: [Approach] = []
    private var mailbox: [String] = []
    private var completions: [String] = []
    private var messages: [String] = []
    private var ports: [String] = []
    /// The connections that came up, in that order.
    private var known: [ConnectionID] = []
    private var mailboxSeen: Mailbox = InlineArray(repeating: 0)

    func strands(of rail: Int) -> [EventSequence.Strand] {
        let named = [
            ("attempts", Self.folded(attempts.filter { !$0.events.isEmpty }.map(\.line))),
            ("requests", Self.folded(requests.map(\.line))),
            ("mailbox", mailbox), ("completions", completions), ("messages", messages), ("ports", ports),
        ]
        return named.filter { !$0.1.isEmpty }.map {
            EventSequence.Strand(name: "rail \(rail) \($0.0)", lines: $0.1)
        }
    }

    private static func folded(_ lines: [String]) -> [String] {
        lines.reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    // MARK: What was told

    mutating func take(_ event: Event) {
        switch event {
        case .request(let request, let words):
            // Whether a knock comes, and comes before this side's own attempt, is a matter of moments; its answer is
            // told at the side that knocks.
            let kind = Self.kind(of: words)
            if kind != "knock" { requests.append(Approach(request: request, kind: kind)) }
        case .connected(let connection, _): add("connected", to: connection)
        case .refused(let connection, let words):
            let reason = words.flatMap { try? Rejection(words: $0) }.map { "\($0.reason.name)" }
            add("refused \(reason ?? "without a reason")", to: connection)
        case .connectFailed(let connection, let failure): add("failed \(failure.name)", to: connection)
        case .disconnected(let connection): add("disconnected", to: connection)
        case .completed(let connection, let operation, let outcome, _):
            if operation == .heartbeatRead, outcome == .success { return }
            let line = "\(number(of: connection)) \(operation.name) \(outcome.name)"
            let mayRepeat = operation == .firstRead || operation == .secondRead
            if mayRepeat, completions.last == line { return }
            completions.append(line)
        case .sent(let connection, let outcome):
            completions.append("\(number(of: connection)) sent \(outcome.name)")
        case .received(let connection, let bytes):
            let kind = (try? Message(bytes: bytes)).flatMap(\.kind).map { "\($0.name)" }
            messages.append("\(number(of: connection)) \(kind ?? "unreadable")")
        case .overlong(let connection): messages.append("\(number(of: connection)) too long")
        case .portsMade(let connection, let tables):
            ports.append("\(number(of: connection)) made \(Self.text(tables.map(\.pair)))")
        case .portsConnected(let connection, let pairs):
            ports.append("\(number(of: connection)) connected \(Self.text(pairs))")
        case .portsFailed(let connection, let pair):
            ports.append("\(number(of: connection)) failed \(Self.text([pair]))")
        case .accessRefused(_, let connection, let client):
            let whose = client.map { "client \($0.value)" } ?? "nobody"
            ports.append("\(connection.map { "\(number(of: $0))" } ?? "-") access refused at \(whose)")
        case .mailbox(let mailbox, _): take(mailbox)
        case .listening, .railLost, .bootPhase, .timer, .register, .withdraw, .stop: break
        }
    }

    /// What lies there now and did not before. The two writes come in their order, and may be seen at once.
    private mutating func take(_ words: Mailbox) {
        for kind in MailboxSlot.Kind.allCases {
            let first = kind.offset / 8
            let slot = first..<first + 4
            guard slot.contains(where: { words[$0] != mailboxSeen[$0] }),
                slot.contains(where: { words[$0] != 0 })
            else { continue }
            let isWhole = (try? MailboxSlot(kind, in: words)) != nil
            mailbox.append(isWhole ? "\(kind)" : "\(kind) unreadable")
        }
        mailboxSeen = words
    }

    /// What the manager did about it, as far as it says which connection is which.
    mutating func note(_ told: ToldEvent, of rail: Int) {
        for action in told.actions {
            switch action {
            case .connect(let connection, let words) where connection.rail.index == rail:
                attempts.append(Approach(connection: connection, kind: Self.kind(of: words)))
            case .accept(let request, let connection, _) where connection.rail.index == rail:
                guard let place = requests.lastIndex(where: { $0.request == request }) else { continue }
                requests[place].connection = connection
            case .retire(let connection) where connection.rail.index == rail:
                guard let place = attempts.lastIndex(where: { $0.connection == connection }) else { continue }
                guard attempts[place].events.isEmpty else { continue }
                // Who gives up for another reason, such as a request of the partner's, did not wait for the answer.
                if case .timer(.attempt, _) = told.event {
                    attempts[place].events = ["no answer"]
                } else {
                    attempts.remove(at: place)
                }
            case .clearMailbox(let cleared) where cleared.index == rail:
                mailboxSeen = InlineArray(repeating: 0)
            default: continue
            }
        }
    }

    private mutating func add(_ event: String, to connection: ConnectionID) {
        if let place = attempts.lastIndex(where: { $0.connection == connection }) {
            attempts[place].events.append(event)
        } else if let place = requests.lastIndex(where: { $0.connection == connection }) {
            requests[place].events.append(event)
        }
        if event == "connected" { _ = number(of: connection) }
    }

    private mutating func number(of connection: ConnectionID) -> Int {
        if let place = known.firstIndex(of: connection) { return place + 1 }
        known.append(connection)
        return known.count
    }

    private static func kind(of words: ConnectionPrivateData.Words?) -> String {
        let data = words.flatMap { try? ConnectionPrivateData(words: $0) }
        return data.map { "\($0.kind)" } ?? "unreadable"
    }

    private static func text(_ pairs: [ClientPair]) -> String {
        pairs.map { "\($0.own.value) with \($0.partner.value)" }.joined(separator: ", ")
    }
}

extension Event {
    /// The rail that it is of; nil for what is of the whole side.
    fileprivate var conformedRail: Int? {
        switch self {
        case .listening(let rail, _, _), .railLost(let rail), .timer(_, let rail), .mailbox(_, let rail):
            Int(rail.index)
        case .request(let request, _): Int(request.rail.index)
        case .connected(let connection, _), .refused(let connection, _), .connectFailed(let connection, _),
            .disconnected(let connection), .completed(let connection, _, _, _), .received(let connection, _),
            .overlong(let connection), .sent(let connection, _), .portsMade(let connection, _),
            .portsConnected(let connection, _), .portsFailed(let connection, _):
            Int(connection.rail.index)
        case .accessRefused(_, let connection, _): (connection?.rail.index).map(Int.init) ?? 0
        case .bootPhase, .register, .withdraw, .stop: nil
        }
    }
}
