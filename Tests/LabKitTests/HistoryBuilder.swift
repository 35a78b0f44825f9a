import Addressing
import ClusterConnection

@testable import LabKit

/// Writes histories by hand: a good run of two partners, which a test then spoils in one place.
struct HistoryBuilder {
    var events: [HistoryEvent] = []
    var scenario: Scenario

    /// The incarnation of a partner's n-th life.
    static func incarnation(_ partner: PartnerID, _ life: Int = 1) -> String {
        String(repeating: partner.rawValue, count: 15) + "\(life)"
    }

    static func instant(_ milliseconds: Double) -> Instant {
        Instant(nanoseconds: UInt64((milliseconds * 1e6).rounded()))
    }

    init(scenario: Scenario) { self.scenario = scenario }

    /// Partner a up at 30 ms, b at 130 ms, connected at 135 ms; storage OS active at 1 s; the end at 2 s.
    static func goodRun(_ yaml: String = minimal) throws -> HistoryBuilder {
        var scenario = try ScenarioParser.parse(yaml, file: "test.yaml")
        // Short runs: nobody waits half a second for a verdict.
        for partner in PartnerID.allCases { scenario.partners[partner]?.settings.missLimit = 20 }
        var builder = HistoryBuilder(scenario: scenario)
        builder.add(0, nil, .runStarted)
        builder.boot(.a, at: 1)
        builder.boot(.b, at: 101)
        builder.connect(at: 131)
        builder.end(at: 2_000)
        return builder
    }

    static let minimal = "name: test\nsummary: A test.\n"

    mutating func add(
        _ milliseconds: Double, _ partner: PartnerID?, _ name: EventName,
        _ fields: [(String, JSONValue)] = [],
        life: Int = 1
    ) {
        events.append(
            HistoryEvent(
                time: Self.instant(milliseconds), partner: partner,
                incarnation: partner.map { Self.incarnation($0, life) } ?? "", name: name,
                fields: JSONObject(fields)))
    }

    /// A partner's boot: its process, its phases, its boot port 29 ms later, its storage OS 899 ms later.
    mutating func boot(_ partner: PartnerID, at time: Double, life: Int = 1, failpoint: String? = nil) {
        var fault: [(String, JSONValue)] = [
            ("step", .string(life == 1 ? "power-on-\(partner.rawValue)" : "boot-\(partner.rawValue)")),
            ("action", .string("boot")), ("began", .integer(Int64(time * 1e6))),
        ]
        if let failpoint { fault.append(("killAfter", .string(failpoint))) }
        add(time, partner, .fault, fault)
        events[events.count - 1].incarnation = ""
        add(time + 0.5, partner, .started, started(partner, life), life: life)
        add(time + 20, partner, .bootPhase, [("phase", .string("ccmStarting"))], life: life)
        add(
            time + 29, partner, .listening,
            [
                ("address", .string(address(of: partner))), ("gid", .string(gid(of: partner))),
                ("port", .integer(17_320)),
                ("statusBlockAddress", .string("0x100000000000")),
                ("mailboxAddress", .string("0x100000010000")),
            ], life: life)
        register(partner, at: time + 29, life: life)
        add(time + 29.1, partner, .bootPhase, [("phase", .string("ccmListening"))], life: life)
        add(time + 899, partner, .bootPhase, [("phase", .string("storageOSActive"))], life: life)
    }

    private func started(_ partner: PartnerID, _ life: Int) -> [(String, JSONValue)] {
        let settings = scenario.partners[partner]?.settings ?? PartnerSettings(partner)
        return [
            ("pid", .integer(pid(partner, life))), ("role", .string(settings.role)),
            ("protocolMin", .integer(Int64(settings.speech.lowest))),
            ("protocolMax", .integer(Int64(settings.speech.highest))),
        ]
    }

    private func address(of partner: PartnerID) -> String {
        scenario.partners[partner]?.settings.address ?? FabricNames.address(of: partner)
    }

    private func gid(of partner: PartnerID) -> String {
        (try? RailAddress(address(of: partner)).gid.description) ?? "none"
    }

    private func pid(_ partner: PartnerID, _ life: Int) -> Int64 { (partner == .a ? 100 : 200) + Int64(life) }

    /// Both handshakes and their outcome, within 3 ms, then both exchanges.
    mutating func connect(at time: Double, lives: [PartnerID: Int] = [.a: 1, .b: 1], connection: Int64 = 1) {
        for partner in PartnerID.allCases {
            let own = lives[partner] ?? 1
            let other = JSONValue.string(Self.incarnation(partner.other, lives[partner.other] ?? 1))
            let number: (String, JSONValue) = ("connection", .integer(connection))
            let offset = partner == .a ? 0 : 0.05
            func add(_ milliseconds: Double, _ name: EventName, _ fields: [(String, JSONValue)]) {
                self.add(time + offset + milliseconds, partner, name, fields, life: own)
            }
            if partner == .a {
                add(
                    0, .connectStarted,
                    [
                        number, ("kind", .string("connect")),
                        ("address", .string(address(of: .b))), ("gid", .string(gid(of: .b))),
                        ("port", .integer(17_320)),
                    ])
            }
            if partner == .b {
                let request: (String, JSONValue) = ("request", .integer(connection))
                add(0.5, .requestReceived, [request])
                add(0.5, .requestAccepted, [request, number])
            }
            let side = JSONValue.string(partner == .a ? "initiator" : "acceptor")
            add(1, .connected, [number, ("partnerIncarnation", other), ("side", side)])
            add(1.1, .firstReadPosted, [number, ("address", .string("0x100000000000"))])
            add(
                1.3, .firstReadCompleted,
                [number, ("partnerIncarnation", other), ("phase", .string("ccmListening"))])
            add(1.4, .firstWritePosted, [number, ("address", .string("0x100000010000"))])
            add(1.6, .firstWriteCompleted, [number])
            add(1.65, .greetingSeen, [("partnerIncarnation", other)])
            add(1.7, .secondReadPosted, [number, ("address", .string("0x100000000000"))])
            add(1.9, .secondReadCompleted, [number, ("phase", .string("ccmListening"))])
            add(2.0, .secondWritePosted, [number, ("address", .string("0x100000010020"))])
            add(2.2, .secondWriteCompleted, [number])
            add(2.6, .confirmationSeen, [("partnerIncarnation", other)])
            add(2.7, .established, [number, ("partnerIncarnation", other)])
            add(2.8, .verdict, [("verdict", .string("alive")), ("partnerIncarnation", other)])
        }
        exchange(at: time + 3, lives: lives, connection: connection)
    }

    /// The lab ends the run, and both processes say goodbye.
    mutating func end(
        at time: Double, lives: [PartnerID: Int] = [.a: 1, .b: 1], only: [PartnerID] = PartnerID.allCases
    ) {
        add(time, nil, .runEnded)
        for partner in only {
            let life = lives[partner] ?? 1
            add(
                time + 5, partner, .stopped, [("beatMedianNs", .integer(97_000)), ("beats", .integer(180))],
                life: life)
            gone(partner, at: time + 6, life: life, began: time, told: "stop", ("status", 0))
        }
    }

    /// A process was found gone.
    mutating func gone(
        _ partner: PartnerID, at time: Double, life: Int = 1, began: Double? = nil, told: String? = nil,
        _ status: (String, Int64)
    ) {
        var fields: [(String, JSONValue)] = [
            ("pid", .integer(pid(partner, life))), (status.0, .integer(status.1)),
        ]
        if let told { fields.append(("told", .string(told))) }
        if let began { fields.append(("began", .integer(Int64(began * 1e6)))) }
        add(time, partner, .processEnded, fields, life: life)
    }

    /// The lab did something to a partner or to the rail.
    mutating func fault(
        _ action: StepAction, _ partner: PartnerID?, at time: Double, began: Double? = nil,
        _ findings: [(String, JSONValue)] = []
    ) {
        let id = partner.map { "\(action.rawValue)-\($0.rawValue)" } ?? action.rawValue
        var fields: [(String, JSONValue)] = [("step", .string(id)), ("action", .string(action.rawValue))]
        fields.append(("began", .integer(Int64((began ?? time) * 1e6))))
        add(time, partner, .fault, fields + findings)
        events[events.count - 1].incarnation = ""
    }

    /// A partner's verdict.
    mutating func verdict(_ verdict: String, by partner: PartnerID, at time: Double) {
        add(time, partner, .verdict, [("verdict", .string(verdict))])
    }

    /// Takes events away.
    mutating func remove(where condition: (HistoryEvent) -> Bool) { events.removeAll(where: condition) }

    var record: RunRecord {
        RunRecord(
            variant: ScenarioVariant(scenario: scenario, label: ""), events: HistoryMerge.merge([events]))
    }

    /// What the checker finds.
    var judgement: Judgement { Checker.judge(record) }

    /// The rules that did not hold.
    var brokenRules: [Rule] {
        var rules: [Rule] = []
        for broken in judgement.broken where !rules.contains(broken.rule) { rules.append(broken.rule) }
        return rules
    }

    /// What the checker says, for messages of failed tests.
    var words: String {
        judgement.broken.map { "\($0.rule.rawValue): \($0.explanation)" }.joined(separator: "\n")
    }
}
