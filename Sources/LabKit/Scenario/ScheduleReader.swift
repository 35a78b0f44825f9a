import ClusterConnection
import StrictYAML

/// Reads the schedule, and follows what it would do to partners and rail, so that a step that cannot happen
/// (thaw what is not frozen, boot what runs) is found before anything is started.
struct ScheduleReader {
    /// Moments may be counted from the steps read so far.
    private(set) var moments = MomentReader()
    /// What is expected of each repetition of repeated steps.
    private(set) var expectations: [Expectation] = []
    /// Nil where the file does not say whether the partner runs: a failpoint ends it some time.
    private var running: [PartnerID: Bool?] = [:]
    private var frozen: Set<PartnerID> = []
    /// How many rails there are, and which of them are cut.
    private let rails: Int
    private var cut: Set<Int> = []
    /// Whose writes are held back.
    private var held: Set<PartnerID> = []
    /// Whether a rail was cut, and whether writes were held back: the same end of a rail cannot do both.
    private var wasCut = false
    private var hasHeld = false
    /// What was taken from a partner's end of the rail.
    private var taken: [PartnerID: RailPart] = [:]

    init(partners: [PartnerID: PartnerPlan], rails: Int) {
        self.rails = rails
        for (partner, plan) in partners {
            running[partner] = plan.failpoint == nil ? .some(plan.bootAt != nil) : .some(nil)
        }
    }

    /// The steps under `steps`, in the file's order.
    mutating func steps(of root: YAMLFields) -> [Step] {
        var steps: [Step] = []
        for fields in root.list("steps") ?? [] {
            if fields.names.contains("cycles") {
                repeatSteps(of: fields, &steps)
            } else if let step = step(fields, previous: steps.last) {
                steps.append(step)
                moments.steps.append(step.id)
            }
        }
        for partner in held.sorted() {
            root.refuse(
                "steps",
                "hold \(partner.rawValue)'s writes back and never release them, so that nothing shows "
                    + "whether there were any; expected a step “do: releaseWrites, partner: \(partner.rawValue)”"
            )
        }
        return steps
    }

    /// Unrolls steps that are done again and again. Step `kill-b` of the third time is `kill-b@3`, and simply `kill-b`
    /// within it.
    private mutating func repeatSteps(of fields: YAMLFields, _ steps: inout [Step]) {
        let count = fields.required("cycles", expected: "a count from 1 to 1000") { text in
            Int(text).flatMap { (1...1_000).contains($0) ? $0 : nil }
        }
        var began: [(place: Int, step: String)] = []
        for number in 1...(count ?? 1) {
            let place = steps.endIndex
            moments.cycle = MomentReader.Cycle(
                number: number, start: steps.last.map { .step($0.id) } ?? .start)
            for fields in fields.list("steps") ?? [] {
                if fields.names.contains("at") {
                    fields.refuse("at", "cannot stand here: each cycle is at another time")
                }
                guard let step = step(fields, previous: steps.last) else { continue }
                steps.append(step)
                moments.steps.append(step.id)
            }
            if place == steps.endIndex { fields.refuse("steps", "expected at least one step") }
            if place < steps.endIndex { began.append((expectations.endIndex, steps[place].id)) }
            expectations += moments.expectations(of: fields)
        }
        moments.cycle = nil
        // What a cycle brings must not be taken for what the one before it was to bring.
        for (cycle, next) in zip(began, began.dropFirst()) {
            for index in cycle.place..<next.place where expectations[index].before == nil {
                expectations[index].before = .step(next.step)
            }
        }
    }

    private mutating func step(_ fields: YAMLFields, previous: Step?) -> Step? {
        let actions = StepAction.allCases.map { ($0.rawValue, $0) }
        let form = "one of " + StepAction.allCases.map(\.rawValue).joined(separator: ", ")
        let word = fields.required("do", expected: form) { $0 }
        let action = word.flatMap { fields.choice("do", $0, actions, what: "something the lab can do") }
        let partner = fields.partner()
        let rail = fields.value("rail", expected: "a rail from 0 to \(rails - 1)") { [rails] in
            Int($0).flatMap { (0..<rails).contains($0) ? $0 : nil }
        }
        let failpoint = ScenarioParser.failpoint(of: fields)
        let isTogether = isTogether(fields, previous: previous)
        let trigger = isTogether ? previous?.trigger ?? .at(.zero) : trigger(of: fields, previous: previous)
        let given = fields.value("id", expected: ScenarioParser.nameForm) {
            ScenarioParser.isName($0) ? $0 : nil
        }
        guard let action else { return nil }
        if action.needsPartner && !fields.names.contains("partner") {
            fields.refuse("partner", "is missing: \(action.rawValue) is done to a or to b")
        } else if !action.needsPartner && fields.names.contains("partner") {
            let whom = action == .census ? "both partners" : "the rail"
            fields.refuse("partner", "cannot stand here: \(action.rawValue) is done to \(whom)")
        }
        if action.needsPartner && fields.names.contains("rail") {
            fields.refuse("rail", "cannot stand here: only cut and heal are done to a rail")
        }
        if let failpoint, action != .boot, action != .reboot || failpoint.act == .freeze {
            fields.refuse(
                "\(failpoint.act.rawValue)After",
                "cannot stand here: only a step that boots a partner can arm it")
        }
        let id = given ?? id(action, partner)
        if isTaken(id) { fields.refuse("id", "“\(id)” is the id of an earlier step") }
        follow(action, partner, rail, failpoint, fields)
        let full = moments.cycle?.full(id) ?? id
        moments.cycle?.steps.append(id)
        return Step(
            id: full, action: action, partner: partner, rail: rail, trigger: trigger, isTogether: isTogether,
            failpoint: failpoint, line: fields.line ?? 0)
    }

    /// Whether an earlier step is called so: of the same cycle, where there are cycles.
    private func isTaken(_ id: String) -> Bool { (moments.cycle?.steps ?? moments.steps).contains(id) }

    private func isTogether(_ fields: YAMLFields, previous: Step?) -> Bool {
        let isTogether =
            fields.choice("together", [("true", true), ("false", false)], what: "true or false") ?? false
        guard isTogether else { return false }
        if previous == nil {
            fields.refuse("together", "cannot stand in the first step; expected 'at' or 'after'")
        }
        for stray in ["at", "after", "delay"] where fields.names.contains(stray) {
            fields.refuse(
                stray, "stands beside 'together', which begins with the step before; expected one of them")
        }
        return true
    }

    /// Without an id a step is called by what it does: kill-b, and the next one kill-b-2.
    private func id(_ action: StepAction, _ partner: PartnerID?) -> String {
        let word = action.hyphenated
        let base = partner.map { "\(word)-\($0.rawValue)" } ?? word
        guard isTaken(base) else { return base }
        var number = 2
        while isTaken("\(base)-\(number)") { number += 1 }
        return "\(base)-\(number)"
    }

    private func trigger(of fields: YAMLFields, previous: Step?) -> Trigger {
        let at = fields.value("at", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let delay = fields.value("delay", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let after = moments.anchor("after", in: fields)
        if fields.names.contains("at") {
            for stray in ["after", "delay"] where fields.names.contains(stray) {
                fields.refuse(stray, "stands beside 'at'; expected either 'at', or 'after' and 'delay'")
            }
            return .at(at ?? .zero)
        }
        if fields.names.contains("after") { return .after(after ?? .start, delay: delay ?? .zero) }
        if let previous { return .after(.step(previous.id), delay: delay ?? .zero) }
        fields.refuse("after", "is missing: the first step needs 'at' or 'after'")
        return .at(.zero)
    }

    private mutating func follow(
        _ action: StepAction, _ partner: PartnerID?, _ rail: Int?, _ failpoint: Failpoint?,
        _ fields: YAMLFields
    ) {
        if hasHeld, action == .cut || action == .heal || action == .powerOff {
            fields.refuse(
                "do", "a rail that holds writes back cannot be cut or healed in the same scenario")
        }
        switch action {
        case .cut:
            let meant = rail.map { [$0] } ?? Set(0..<rails)
            if meant.isSubset(of: cut) { fields.refuse("do", "the rail is cut already at this step") }
            cut.formUnion(meant)
            wasCut = true
        case .heal:
            let meant = rail.map { [$0] } ?? Set(0..<rails)
            if meant.isDisjoint(with: cut) { fields.refuse("do", "the rail is not cut at this step") }
            cut.subtract(meant)
        case .census: break
        case .kill, .stop, .freeze, .reboot, .powerOff, .thaw, .boot, .holdWrites, .releaseWrites,
            .removeAddress, .addAddress, .removeDevice, .addDevice:
            guard let partner else { return }
            if let problem = follow(action, partner) {
                fields.refuse("do", "\(partner.rawValue) \(problem) at this step")
            }
            switch failpoint?.act {
            case .kill: running[partner] = .some(nil)
            case .freeze: frozen.insert(partner)
            case nil: break
            }
        }
    }

    /// Plays a step that is done to a partner; says why it cannot be done.
    private mutating func follow(_ action: StepAction, _ partner: PartnerID) -> String? {
        let runs = running[partner] ?? nil
        let isFrozen = frozen.contains(partner)
        switch action {
        case .boot:
            running[partner] = true
            return runs == true ? "runs already" : nil
        case .thaw:
            frozen.remove(partner)
            return isFrozen ? nil : "is not frozen"
        case .freeze:
            frozen.insert(partner)
            return runs == false ? "does not run" : isFrozen ? "is frozen already" : nil
        case .kill, .reboot, .powerOff, .stop:
            running[partner] = action == .reboot
            frozen.remove(partner)
            if action == .powerOff {
                cut = Set(0..<rails)
                wasCut = true
                if let part = taken[partner] { return "has no \(part.rawValue) to come back with" }
            }
            if action == .stop && isFrozen { return "is frozen and cannot say goodbye" }
            return runs == false ? "does not run" : nil
        case .removeAddress, .removeDevice:
            let already = taken[partner]
            taken[partner] = action.taken
            return already.map { "has no \($0.rawValue) already" }
        case .addAddress, .addDevice:
            guard taken[partner] == action.given else {
                return "has its \(action.given?.rawValue ?? "rail")"
            }
            taken[partner] = nil
            return nil
        case .holdWrites:
            hasHeld = true
            if wasCut { return "is on a rail that was cut; a scenario cuts rails or holds writes back" }
            return held.insert(partner).inserted ? nil : "has its writes held back already"
        case .releaseWrites: return held.remove(partner) == nil ? "has no writes held back" : nil
        case .cut, .heal, .census: return nil
        }
    }
}
