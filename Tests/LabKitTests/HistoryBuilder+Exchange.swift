import ClusterConnection

@testable import LabKit

extension HistoryBuilder {
    /// A scenario of two partners that run a messenger and a log mirror each, and promise ready within 200 ms.
    static let withClients = """
        name: test
        summary: A test.
        settings:
          connect: { exchangeTimeout: 200ms }
          clients: [{ kind: messenger }, { kind: logMirror }]

        """

    /// The clients that the scenario has a partner run, with their numbers.
    private func clients(of partner: PartnerID) -> [(
        number: Int64, name: String, ports: Int64, memory: Int64
    )] {
        (scenario.partners[partner]?.settings.clients ?? []).enumerated().map { index, client in
            (
                Int64(index + 1), client.name, Int64(client.ports ?? 1),
                Int64(client.memory ?? (client.kind == .logMirror ? 262_144 : 0))
            )
        }
    }

    /// The clients that both partners have.
    private func common(of partner: PartnerID) -> [(number: Int64, name: String, ports: Int64, memory: Int64)]
    {
        let other = clients(of: partner.other).map(\.name)
        return clients(of: partner).filter { other.contains($0.name) }
    }

    /// All clients of a partner ask for what they want.
    mutating func register(_ partner: PartnerID, at time: Double, life: Int = 1) {
        for client in clients(of: partner) {
            add(
                time, partner, .clientRegistered,
                [
                    ("client", .string(client.name)), ("clientNumber", .integer(client.number)),
                    ("role", .string("symmetric")), ("ports", .integer(client.ports)),
                    ("memory", .integer(client.memory)),
                ], life: life)
        }
    }

    /// Both exchanges, from the first message to the first reply, within 3 ms.
    mutating func exchange(at time: Double, lives: [PartnerID: Int] = [.a: 1, .b: 1], connection: Int64 = 1) {
        for partner in PartnerID.allCases {
            let life = lives[partner] ?? 1
            let incarnation: (String, JSONValue) = (
                "partnerIncarnation", .string(Self.incarnation(partner.other, lives[partner.other] ?? 1))
            )
            let number: (String, JSONValue) = ("connection", .integer(connection))
            let offset = partner == .a ? 0 : 0.05
            func add(_ milliseconds: Double, _ name: EventName, _ fields: [(String, JSONValue)]) {
                self.add(time + offset + milliseconds, partner, name, fields, life: life)
            }
            func message(_ milliseconds: Double, _ kind: String, _ place: Int64) {
                let fields: [(String, JSONValue)] = [
                    ("kind", .string(kind)), number, ("number", .integer(place)), ("bytes", .integer(64)),
                ]
                add(milliseconds, .messageSent, fields)
                add(milliseconds + 0.2, .messageReceived, fields)
            }
            message(0, "peerInformation", 1)
            add(0.2, .peerInformation, peerInformation(of: partner))
            message(0.3, "clientInformation", 2)
            let theirs = clients(of: partner.other)
            add(
                0.5, .clientInformation,
                [
                    ("clients", .integer(Int64(theirs.count))),
                    ("ports", .integer(theirs.reduce(0) { $0 + $1.ports })),
                    ("memory", .integer(theirs.reduce(0) { $0 + $1.memory })), ("number", .integer(1)),
                ])
            let common = common(of: partner)
            for client in common {
                let fields = fields(of: client)
                let wasLost = events.contains {
                    $0.name == .clientLost && $0.text("client") == client.name
                        && $0.incarnation == Self.incarnation(partner, life)
                }
                if client.name == "log-mirror", wasLost {
                    checkMemory("remade", of: partner, at: time + offset + 0.8, life: life)
                }
                add(0.6, .clientMatched, fields + [("partnerClient", .integer(client.number))])
                add(0.9, .portsMade, fields)
            }
            message(0.9, "portInformation", 3)
            message(1.3, "ready", 4)
            let pairs: (String, JSONValue) = ("clients", .integer(Int64(common.count)))
            add(1.3, .readySaid, [number, pairs, incarnation])
            add(1.5, .partnerReady, [number, pairs, incarnation])
            for client in common { add(1.6, .clientReady, fields(of: client) + [incarnation]) }
            for client in common where client.name == "messenger" {
                add(
                    2.5, .firstReply,
                    [("client", .string(client.name)), ("roundTripNs", .integer(90_000)), incarnation])
            }
        }
    }

    private func fields(
        of client: (number: Int64, name: String, ports: Int64, memory: Int64)
    ) -> [(String, JSONValue)] {
        [
            ("client", .string(client.name)), ("clientNumber", .integer(client.number)),
            ("ports", .integer(client.ports)), ("memory", .integer(client.memory)),
        ]
    }

    private func peerInformation(of partner: PartnerID) -> [(String, JSONValue)] {
        guard let own = scenario.partners[partner]?.settings,
            let other = scenario.partners[partner.other]?.settings
        else { return [] }
        return [
            ("role", .string(other.role)), ("lowest", .integer(Int64(own.speech.lowest))),
            ("highest", .integer(Int64(own.speech.highest))),
            ("partnerLowest", .integer(Int64(other.speech.lowest))),
            ("partnerHighest", .integer(Int64(other.speech.highest))),
            ("version", .integer(Int64(own.speech.version(with: other.speech) ?? 0))),
        ]
    }

    /// A log mirror looks over what its partner keeps in its memory.
    mutating func checkMemory(
        _ moment: String, of partner: PartnerID, at time: Double, life: Int = 1, checksum: String = "0x51",
        highest: Int64 = 90, outOfTurn: Int64 = 0
    ) {
        add(
            time, partner, .memoryChecked,
            [
                ("client", .string("log-mirror")), ("moment", .string(moment)),
                ("checksum", .string(checksum)),
                ("records", .integer(48)), ("highest", .integer(highest)), ("outOfTurn", .integer(outOfTurn)),
            ], life: life)
    }

    /// A partner tears a connection down, then says what it holds of the other, then tells its clients.
    mutating func lose(
        _ verdict: String, by partner: PartnerID, at time: Double, connection: Int64 = 1, life: Int = 1,
        of partnerLife: Int = 1
    ) {
        let number: (String, JSONValue) = ("connection", .integer(connection))
        let common = common(of: partner)
        add(time, partner, .retired, [number, ("reason", .string("test"))], life: life)
        if !common.isEmpty {
            add(
                time, partner, .portsDestroyed, [number, ("clients", .integer(Int64(common.count)))],
                life: life)
        }
        add(time, partner, .verdict, [("verdict", .string(verdict))], life: life)
        for client in common {
            add(
                time, partner, .clientLost,
                [
                    ("client", .string(client.name)), ("clientNumber", .integer(client.number)),
                    ("reason", .string("connection")), ("verdict", .string(verdict)),
                    (
                        "partnerIncarnation",
                        .string(Self.incarnation(partner.other, partnerLife))
                    ),
                ], life: life)
        }
        if common.contains(where: { $0.name == "log-mirror" }) {
            checkMemory("lost", of: partner, at: time + 0.1, life: life)
        }
    }

    /// b is killed at 1.2 s, found dead 12 ms later, boots again, and both are ready once more.
    static func killAndBootAgain(_ yaml: String = withClients) throws -> HistoryBuilder {
        var run = try goodRun(yaml)
        run.remove { $0.time > instant(1_200) }
        run.gone(.b, at: 1_201, began: 1_200, told: "kill", ("signal", 9))
        run.lose("dead", by: .a, at: 1_212)
        run.boot(.b, at: 1_300, life: 2)
        run.connect(at: 1_331, lives: [.a: 1, .b: 2], connection: 2)
        run.end(at: 2_500, lives: [.a: 1, .b: 2])
        return run
    }
}
