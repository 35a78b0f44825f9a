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
    /// The partners that are other programs than `ccmd`.
    private let programs: Set<PartnerID>
    private var frozen: Set<PartnerID> = []
    /// How many rails there are, and which of them are cut.
    private let rails: Int
    private var cut: Set<RailEnd> = []
    private var degraded: Set<RailEnd> = []
    /// Who gets a part of a processor only.
    private var starved: Set<PartnerID> = []
    /// Who may take little more memory.
    private var squeezed: Set<PartnerID> = []
    /// Who was told to stop by the step before; his goodbye takes a while.
    private var stopping: PartnerID?
    /// Whose writes are held back.
    private var held: Set<PartnerID> = []
    /// Whether a rail was cut, and whether writes were held back: the same end of a rail cannot do both.
    private var wasCut = false
    private var hasHeld = false
    /// What was taken from a partner's end of the rail.
    private var taken: [PartnerID: RailPart] = [:]
    /// The ends whose interface is down, or has another MAC address.
    private var changed: [RailPart: Set<RailEnd>] = [:]

    /// When the run is over at the latest.
    private let deadline: TimeSpan
    /// The step that is done at instants, of which there can be one.
    private(set) var stepWithInstants: String?

    init(partners: [PartnerID: PartnerPlan], rails: Int, deadline: TimeSpan) {
        self.rails = rails
        self.deadline = deadline
        programs = Set(partners.filter { $0.value.program != nil }.keys)
        moments.rails = rails
        moments.clients = Set(partners.values.flatMap(\.settings.clients).map(\.name))
        moments.hasProgram = !programs.isEmpty
        for (partner, plan) in partners {
            running[partner] = plan.failpoint == nil ? .some(plan.bootAt != nil) : .some(nil)
        }
    }

    /// Whether a step could not be read, so that nobody knows what those after it find.
    private var isLost: Bool { moments.isLost }

    /// The steps under `steps`, in the file's order.
    mutating func steps(of root: YAMLFields) -> [Step] {
        var steps: [Step] = []
        for fields in root.list("steps") ?? [] {
            if fields.names.contains("cycles") {
                repeatSteps(of: fields, &steps)
            } else {
                read(fields, &steps)
            }
        }
        moments.areAllSteps = true
        if isLost { return steps }
        for partner in held.sorted() {
            root.refuse(
                "steps",
                "hold \(partner.rawValue)'s writes back and never release them, so that nothing shows "
                    + "whether there were any; expected a step “do: releaseWrites, partner: \(partner.rawValue)”"
            )
        }
        if !degraded.isEmpty {
            root.refuse(
                "steps",
                "degrade a rail and never restore it, so that nothing shows what packets met; expected a step “do: restore”"
            )
        }
        for partner in starved.sorted() {
            root.refuse(
                "steps",
                "starve \(partner.rawValue) and never feed it, so that nothing shows whether it had to wait; expected a "
                    + "step “do: feed, partner: \(partner.rawValue)”")
        }
        for partner in squeezed.sorted() {
            root.refuse(
                "steps",
                "squeeze \(partner.rawValue) and never relieve it, so that nothing shows whether it lacked memory; expected "
                    + "a step “do: relieve, partner: \(partner.rawValue)”")
        }
        return steps
    }

    /// Reads one step, and those that it stands for.
    private mutating func read(_ fields: YAMLFields, _ steps: inout [Step]) {
        guard let step = step(fields, previous: steps.last) else {
            moments.isLost = true
            return
        }
        add(step, to: &steps)
        for repetition in repetitions(of: step, fields) { add(repetition, to: &steps) }
    }

    private mutating func add(_ step: Step, to steps: inout [Step]) {
        steps.append(step)
        moments.steps.append(step.id)
        if let cycle = moments.cycle { moments.cycle?.steps.append(cycle.short(step.id)) }
    }

    /// The steps that `times` and `interval` stand for, as if they were written out: the opposite of the step, the step
    /// again, and so on, an interval apart; the last one is the opposite.
    private mutating func repetitions(of first: Step, _ fields: YAMLFields) -> [Step] {
        let times = fields.value("times", expected: "a count from 1 to 1000") { text in
            Int(text).flatMap { (1...1_000).contains($0) ? $0 : nil }
        }
        let interval = fields.value("interval", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let named = ["times", "interval"].filter { fields.names.contains($0) }
        if named.count == 1 {
            fields.refuse(named[0], "stands without '\(named[0] == "times" ? "interval" : "times")'")
        }
        guard let times, let interval else { return [] }
        guard let opposite = first.action.opposite else {
            fields.refuse("times", "cannot stand here: nothing undoes \(first.action.rawValue)")
            return []
        }
        var steps: [Step] = []
        var known = Set(moments.cycle?.steps ?? moments.steps)
        for number in 0..<(2 * times - 1) {
            var step = first
            if number.isMultiple(of: 2) {
                step.action = opposite
                step.degradation = nil
                step.ration = nil
                if opposite.object == .rail { step.partner = nil }
            }
            step.isTogether = false
            step.trigger = .after(.step(steps.last?.id ?? first.id), delay: interval)
            let id = id(step.action, step.partner, known: known)
            known.insert(id)
            step.id = moments.cycle?.full(id) ?? id
            follow(step, nil, fields)
            steps.append(step)
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
                read(fields, &steps)
            }
            if place == steps.endIndex, !isLost { fields.refuse("steps", "expected at least one step") }
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
        guard let action else {
            // Which fields belong to it nobody knows.
            fields.ignore(FaultReader.names + ["times", "interval"])
            return nil
        }
        switch action.object {
        case .partner:
            if !fields.names.contains("partner") {
                fields.refuse("partner", "is missing: \(action.rawValue) is done to a or to b")
            }
        case .railOrSender: break
        case .rail, .bothPartners, .machine:
            if fields.names.contains("partner") {
                fields.refuse(
                    "partner", "cannot stand here: \(action.rawValue) is done to \(action.object.words)")
            }
        }
        if !action.takesRail && fields.names.contains("rail") {
            let takers = StepAction.allCases.filter(\.takesRail).map(\.rawValue).joined(separator: ", ")
            fields.refuse("rail", "cannot stand here: only \(takers) are done to a rail")
        }
        if let failpoint, action != .boot, action != .reboot || failpoint.act == .freeze {
            fields.refuse(
                "\(failpoint.act.rawValue)After",
                "cannot stand here: only a step that boots a partner can arm it")
        }
        if let partner, programs.contains(partner) {
            if let failpoint {
                fields.refuse(
                    "\(failpoint.act.rawValue)After",
                    "cannot stand here: \(partner.rawValue) has a 'command', and only ccmd can strike itself")
            }
            if action == .starve || action == .feed {
                fields.refuse(
                    "do", "\(action.rawValue) cannot be done to \(partner.rawValue), which has a 'command'")
            }
        }
        let taken = Set(moments.cycle?.steps ?? moments.steps)
        if let given, taken.contains(given) {
            fields.refuse("id", "“\(given)” is the id of an earlier step")
        }
        let id = given ?? id(action, partner, known: taken)
        if fields.isMapping("at") {
            if let stepWithInstants {
                fields.refuse("at", "\(stepWithInstants) is done at instants already; expected one such step")
            }
            stepWithInstants = stepWithInstants ?? id
        }
        var step = Step(
            id: moments.cycle?.full(id) ?? id, action: action, partner: partner, rail: rail, trigger: trigger,
            isTogether: isTogether, failpoint: failpoint, line: fields.line ?? 0)
        FaultReader.read(fields, into: &step)
        follow(step, failpoint, fields)
        return step
    }

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
    private func id(_ action: StepAction, _ partner: PartnerID?, known: Set<String>) -> String {
        let word = action.hyphenated
        let base = partner.map { "\(word)-\($0.rawValue)" } ?? word
        guard known.contains(base) else { return base }
        var number = 2
        while known.contains("\(base)-\(number)") { number += 1 }
        return "\(base)-\(number)"
    }

    private func trigger(of fields: YAMLFields, previous: Step?) -> Trigger {
        let hasInstants = fields.isMapping("at")
        let at =
            hasInstants ? nil : fields.value("at", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let delay = fields.value("delay", expected: TimeSpan.textForm, TimeSpan.init(text:))
        let after = moments.anchor("after", in: fields)
        if fields.names.contains("at") {
            for stray in ["after", "delay"] where fields.names.contains(stray) {
                fields.refuse(stray, "stands beside 'at'; expected either 'at', or 'after' and 'delay'")
            }
            if let at, at >= deadline {
                fields.refuse(
                    "at",
                    "the run is over by then; expected less than its deadline (\(SpanText.exact(deadline))), or another one "
                        + "under 'deadline'")
            }
            guard hasInstants else { return .at(at ?? .zero) }
            for stray in ["times", "interval"] where fields.names.contains(stray) {
                fields.refuse(stray, "cannot stand beside instants; expected a step that is done once")
            }
            let range = InstantReader(moments: moments, deadline: deadline).range(of: fields)
            return range.map { .instants($0) } ?? .at(.zero)
        }
        if fields.names.contains("after") { return .after(after ?? .start, delay: delay ?? .zero) }
        if let previous { return .after(.step(previous.id), delay: delay ?? .zero) }
        if isLost { return .at(.zero) }
        fields.refuse("after", "is missing: the first step needs 'at' or 'after'")
        return .at(.zero)
    }

    private mutating func follow(_ step: Step, _ failpoint: Failpoint?, _ fields: YAMLFields) {
        if isLost { return }
        defer { stopping = step.action == .stop ? step.partner : nil }
        let action = step.action
        if hasHeld, action.shapesRails {
            fields.refuse(
                "do", "a rail that holds writes back cannot be cut, degraded or healed in the same scenario")
        }
        switch action.object {
        case .rail, .railOrSender:
            if let problem = followRail(step) { fields.refuse("do", "\(problem) at this step") }
            wasCut = true
        case .partner:
            guard let partner = step.partner else { return }
            // Of all that can be done to who says goodbye, only instants come before it is over.
            let isInGoodbye = stopping == partner && step.hasInstants
            if isInGoodbye { running[partner] = true }
            if let problem = action.takesRail ? followEnd(step, partner) : follow(action, partner) {
                fields.refuse("do", "\(partner.rawValue) \(problem) at this step")
            }
            if isInGoodbye { running[partner] = false }
            switch failpoint?.act {
            case .kill: running[partner] = .some(nil)
            case .freeze: frozen.insert(partner)
            case nil: break
            }
        case .bothPartners, .machine: break
        }
    }

    private func ends(_ partner: PartnerID?, _ rail: Int?) -> Set<RailEnd> {
        RailEnd.all(of: partner, on: rail, among: Set(0..<rails))
    }

    /// Plays a step that is done to the rail; says why it cannot be done.
    private mutating func followRail(_ step: Step) -> String? {
        let meant = ends(step.partner, step.rail)
        switch step.action {
        case .cut:
            if meant.isSubset(of: cut) { return "the rail is cut already" }
            cut.formUnion(meant)
        case .heal:
            if meant.isDisjoint(with: cut) { return "the rail is not cut" }
            cut.subtract(meant)
        case .degrade:
            if !meant.isDisjoint(with: degraded) { return "the rail is degraded already" }
            degraded.formUnion(meant)
        case .restore:
            if meant.isDisjoint(with: degraded) { return "the rail is not degraded" }
            degraded.subtract(meant)
        default: break
        }
        return nil
    }

    /// Plays a step that is done to a partner's end of a rail; says why it cannot be done.
    private mutating func followEnd(_ step: Step, _ partner: PartnerID) -> String? {
        let meant = ends(partner, step.rail)
        if let part = step.action.taken {
            if !(changed[part] ?? []).isDisjoint(with: meant) {
                return part == .link ? "has its link down already" : "has another MAC address already"
            }
            changed[part, default: []].formUnion(meant)
        } else if let part = step.action.given {
            if !meant.isSubset(of: changed[part] ?? []) {
                return part == .link ? "has its link up" : "has its own MAC address"
            }
            changed[part, default: []].subtract(meant)
        }
        return nil
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
        case .starve:
            if runs == false { return "does not run" }
            return starved.insert(partner).inserted ? nil : "is starved already"
        case .feed: return starved.remove(partner) == nil ? "is not starved" : nil
        case .squeeze:
            if runs == false { return "does not run" }
            return squeezed.insert(partner).inserted ? nil : "is squeezed already"
        case .relieve: return squeezed.remove(partner) == nil ? "is not squeezed" : nil
        case .kill, .reboot, .powerOff, .stop:
            if starved.contains(partner) { return "is starved and has to be fed first" }
            if squeezed.contains(partner) { return "is squeezed and has to be relieved first" }
            running[partner] = action == .reboot
            frozen.remove(partner)
            if action == .powerOff {
                cut = ends(nil, nil)
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
        default: return nil
        }
    }
}
