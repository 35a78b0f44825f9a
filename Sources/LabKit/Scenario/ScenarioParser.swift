import Addressing
import ClusterConnection
import StrictYAML

/// Reads scenario files. Strict: an unknown field, a reference to nothing or an order of steps that cannot
/// happen is a problem, and all problems of a file are found in one reading.
package enum ScenarioParser {
    /// The scenario that a file's text describes.
    ///
    /// - Throws: everything that is wrong, in the order of the lines.
    package static func parse(_ text: String, file: String) throws(InputProblems) -> Scenario {
        try YAMLDocument(text: text, source: file).read { scenario($0, text: text, file: file) }
    }

    /// What a name must look like; completes "expected ...".
    static let nameForm = "1 to 40 lower-case letters, digits and hyphens, a letter or digit first"

    /// Whether a word can be the name of a scenario, a tag or a step: it becomes a folder or a reference.
    static func isName(_ text: String) -> Bool {
        guard (1...40).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "-") else { return false }
        return text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
    }

    private static func scenario(_ root: YAMLFields, text: String, file: String) -> Scenario? {
        let name = root.required("name", expected: nameForm) { isName($0) ? $0 : nil }
        let summary = root.required("summary", expected: "a sentence that says what the scenario shows") {
            $0
        }
        let carriages = RailCarriage.read(root)
        root.hint(SettingsReader.names, "it stands under 'settings'")
        let partners = partners(of: root, rails: carriages.count)
        let deadline =
            root.value("deadline", expected: TimeSpan.textForm, TimeSpan.init(text:)) ?? .seconds(20)
        var schedule = ScheduleReader(partners: partners, rails: carriages.count, deadline: deadline)
        let steps = schedule.steps(of: root)
        if let step = schedule.stepWithInstants, root.names.contains("sweep") {
            root.refuse(
                "sweep", "cannot stand beside the instants of step \(step): each instant is a run already")
        }
        return Scenario(
            file: file, text: text, name: name ?? "", summary: summary ?? "", claims: claims(of: root),
            tags: root.values("tags", expected: nameForm) { isName($0) ? $0 : nil } ?? [],
            carriages: carriages, partners: partners,
            steps: steps, sweep: SweepAxis.axes(of: root, partners, steps),
            expectations: schedule.expectations + schedule.moments.expectations(of: root),
            expectedBreak: ExpectedBreak(of: root),
            until: until(of: root, schedule.moments),
            settle: root.value("settle", expected: TimeSpan.textForm, TimeSpan.init(text:))
                ?? .milliseconds(300),
            deadline: deadline,
            bounds: bounds(of: root, partners), busyLoops: busyLoops(of: root),
            capturesPackets: root.choice(
                "capture", [("packets", true), ("none", false)], what: "what a run can keep") ?? true,
            unsupported: UnsupportedFabrics.read(root))
    }

    private static func claims(of root: YAMLFields) -> [Claim] {
        let names = root.values("claims", expected: "the number of a claim, such as C1a", { $0 }) ?? []
        return names.compactMap {
            root.choice(
                "claims", $0, Claim.allCases.map { ($0.rawValue, $0) },
                what: "a claim that the checker can follow")
        }
    }

    private static func partners(of root: YAMLFields, rails: Int) -> [PartnerID: PartnerPlan] {
        let addressing: RailAddress.Kind? = root.choice(
            "addressing", RailAddress.Kind.allCases.map { ($0.rawValue, $0) },
            what: "a way of writing hardware addresses")
        let shared = root.section("settings")
        let named = root.section("partners")
        let sharedReader = shared.map { SettingsReader(shared: $0) }
        var plans: [PartnerID: PartnerPlan] = [:]
        for partner in PartnerID.allCases {
            var plan = PartnerPlan(
                settings: PartnerSettings(partner, addressing: addressing ?? .ipv4, rails: rails),
                bootAt: .zero)
            sharedReader?.apply(to: &plan.settings)
            if let own = named?.section(partner.rawValue) { read(own, into: &plan) }
            plans[partner] = plan
        }
        return plans
    }

    private static func read(_ own: YAMLFields, into plan: inout PartnerPlan) {
        let form = TimeSpan.textForm + ", or “never” when only a step boots it"
        let bootAt: TimeSpan?? = own.value("bootAt", expected: form) { text in
            text == "never" ? .some(nil) : TimeSpan(text: text).map { .some($0) }
        }
        if let bootAt { plan.bootAt = bootAt }
        if let settings = own.section("settings") { SettingsReader(own: settings).apply(to: &plan.settings) }
        if let boot = own.section("boot") { SettingsReader.applyBoot(boot, to: &plan.settings) }
        plan.program = program(of: own)
        if let lab = own.section("lab") {
            plan.failpoint = failpoint(of: lab)
            if plan.program != nil {
                own.refuse("lab", "cannot stand beside 'command': only ccmd can strike itself")
            }
            if plan.failpoint?.act == .freeze {
                lab.refuse("freezeAfter", "cannot stand here: expected in a step that boots the partner")
            }
        }
    }

    /// The program under `command` and `needs`.
    private static func program(of own: YAMLFields) -> PartnerProgram? {
        let command = own.values("command", expected: "a word as in [/opt/mine/manager, --fast]", word)
        let needs = own.values("needs", expected: "a program or a file", word)
        guard let command else {
            if needs != nil { own.refuse("needs", "stands without 'command'") }
            return nil
        }
        if command.isEmpty {
            own.refuse("command", "expected a program and its arguments, found an empty list")
        }
        return PartnerProgram(command: command, needs: needs ?? [])
    }

    private static func word(_ text: String) -> String? { text.isEmpty || text.contains("\0") ? nil : text }

    /// The failpoint under `killAfter` or `freezeAfter`, and `failDelay`.
    static func failpoint(of fields: YAMLFields) -> Failpoint? {
        let delay = fields.value("failDelay", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let failpoints = Failpoint.Act.allCases.compactMap { act in
            fields.choice("\(act.rawValue)After", Failpoint.moments, what: Failpoint.form).map {
                Failpoint(act, after: $0, delay: delay ?? .zero)
            }
        }
        if failpoints.count > 1 {
            fields.refuse("freezeAfter", "stands beside 'killAfter'; expected one of them")
        } else if failpoints.isEmpty, fields.names.contains("failDelay") {
            fields.refuse("failDelay", "stands without 'killAfter' or 'freezeAfter'")
        }
        return failpoints.first
    }

    private static func until(of root: YAMLFields, _ moments: MomentReader) -> Until {
        guard let fields = root.section("until") else { return .settled }
        if fields.names.contains("at") {
            for stray in ["step", "partner", "event", "where", "count", "since"]
            where fields.names.contains(stray) {
                fields.refuse(stray, "stands beside 'at'; expected one of them")
            }
            return fields.value("at", expected: TimeSpan.textForm, TimeSpan.init(text:)).map { .time($0) }
                ?? .settled
        }
        fields.ignore(["at"])
        return moments.anchor(fields).map { .anchor($0) } ?? .settled
    }

    private static func busyLoops(of root: YAMLFields) -> Int {
        guard let load = root.section("load") else { return 0 }
        let count = load.required("busyLoops", expected: "a count from 1 to 64") { text in
            Int(text).flatMap { (1...64).contains($0) ? $0 : nil }
        }
        return count ?? 0
    }

    private static func bounds(of root: YAMLFields, _ partners: [PartnerID: PartnerPlan]) -> Bounds {
        var bounds = Bounds()
        guard let fields = root.section("bounds") else { return bounds }
        func span(_ name: String) -> TimeSpan? {
            fields.value(name, expected: TimeSpan.textForm, TimeSpan.init(text:))
        }
        bounds.connect = span("connect") ?? bounds.connect
        bounds.dead = span("dead") ?? bounds.dead
        bounds.found = span("found")
        if bounds.found != nil, !partners.values.contains(where: { $0.program != nil }) {
            fields.refuse("found", "is for a partner with a 'command', and there is none")
        }
        bounds.slack = span("slack") ?? bounds.slack
        bounds.realTimeSlack = span("realTimeSlack") ?? bounds.realTimeSlack
        bounds.historyBytes = fields.count("historyBytes", 1...(1 << 40), "a number of bytes").map { Int($0) }
        return bounds
    }
}
