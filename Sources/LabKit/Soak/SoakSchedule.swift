import ClusterConnection

/// The steps of a chunk, as they are drawn.
///
/// After most faults the schedule waits until the pair is ready again, and for a random while after that; after some
/// it goes on at once, so that the next fault falls into an attempt, a handshake, an exchange or a recovery; and some
/// have another fault inside. Times lie on either side of what the settings promise: a pause shorter and longer than
/// the miss limit, a cut shorter and longer than the transport's retries.
struct SoakSchedule {
    private var random: SplitMix64
    private let miss: TimeSpan
    private let retries: TimeSpan
    /// The client whose ready says that the pair is ready; without clients, the connection does.
    private let client: String?
    private var lines: [String] = []
    private var count = 0
    /// All delays together.
    private var delays = TimeSpan.zero
    /// What the next step waits for, besides its delay: a flow mapping for `after`; nil for the step before it.
    private var trigger: String?
    /// Whether the next fault is to strike while the pair is still about to become ready.
    private var strikesEarly = false

    /// - Parameter base: whose settings the partners have.
    init(seed: UInt64, base: Scenario) {
        random = SplitMix64(seed: seed)
        let settings = base.partners[.a]?.settings ?? PartnerSettings(.a)
        let other = base.partners[.b]?.settings ?? PartnerSettings(.b)
        let promise = Promise(bounds: base.bounds, isRealTime: false)
        miss = max(promise.hung(settings), promise.hung(other))
        retries = max(promise.unreachable(settings), promise.unreachable(other))
        let names = Set(other.clients.map(\.name))
        client = settings.clients.first { names.contains($0.name) && $0.registerAt == nil }?.name
    }

    /// The items of the list of steps.
    var text: String { lines.map { "  - { \($0) }\n" }.joined() }

    /// By when all of it has happened, with as much again for what is waited for.
    var deadline: TimeSpan { delays * 2 + .seconds(UInt64(30 + 10 * count)) }

    /// Draws so many faults.
    mutating func draw(_ faults: Int) {
        trigger = ready(of: .a, since: nil)
        step("census", id: "census-first", delay: .milliseconds(300))
        while count < faults { drawFault(left: faults - count) }
        // Without anything to wait for, long enough for the pair to have come back.
        step("census", id: "census-last", delay: trigger == nil ? .milliseconds(2_500) : .milliseconds(800))
    }

    // MARK: Faults

    private mutating func drawFault(left: Int) {
        // Only a signal is as quick as a handshake.
        let fault =
            strikesEarly
            ? weighted([(.kill, 1), (.freeze, 1)])
            : weighted([(.kill, 3), (.freeze, 3), (.cut, 3), (.powerOff, 3)])
        let partner: PartnerID = chance(1, of: 2) ? .a : .b
        let isLong = fault == .kill || fault == .powerOff || chance(3, of: 5)
        count += 1
        let name = "f\(count)"
        // What a life held at its end tells more than what its successor holds.
        if trigger != nil, !strikesEarly, fault == .kill || fault == .powerOff, chance(1, of: 2) {
            step("census", id: "census-\(count)", delay: .milliseconds(400))
        }
        step(fault.rawValue, id: name, fault == .cut ? nil : partner, delay: pauseBefore())
        strikesEarly = false
        var nested: String?
        if isLong, left > 1, fault == .freeze || fault == .cut, chance(1, of: 5) {
            nested = drawNested(in: fault, at: partner)
        }
        if fault == .kill, left > 1, chance(1, of: 5) { dieInHandshake(partner) }
        let over = end(of: fault, name, partner, isLong: isLong)
        after(over, partner, isBoot: fault == .kill, isLong: isLong || nested != nil)
    }

    /// A boot that ends itself right after an operation of the boot handshake.
    private mutating func dieInHandshake(_ partner: PartnerID) {
        count += 1
        let operations = HandshakeOperation.allCases
        let operation = operations[Int(random.next(upperBound: UInt64(operations.count)))]
        let name = "f\(count)"
        step(
            "boot", id: name, partner, delay: milliseconds(0...300), killAfter: operation)
        trigger = event("processEnded", of: partner, since: name)
    }

    /// A fault that begins and ends while another is under way.
    private mutating func drawNested(in outer: SoakFault, at partner: PartnerID) -> String {
        let fault: SoakFault
        let victim: PartnerID
        if outer == .freeze {
            // Who is frozen cannot boot; the other can, and the rail can be cut.
            fault = weighted([(.kill, 2), (.cut, 1)])
            victim = partner.other
        } else {
            fault = weighted([(.kill, 2), (.freeze, 1)])
            victim = partner
        }
        count += 1
        let name = "f\(count)"
        step(fault.rawValue, id: name, fault == .cut ? nil : victim, delay: milliseconds(0...300))
        return end(of: fault, name, victim, isLong: true)
    }

    /// The steps that end a fault; gives the id of the last.
    private mutating func end(
        of fault: SoakFault, _ name: String, _ partner: PartnerID, isLong: Bool
    ) -> String {
        switch fault {
        case .kill:
            // At once, faster than anybody notices, or after a while.
            step("boot", id: "\(name)-over", partner, delay: chance(1, of: 3) ? .zero : milliseconds(0...700))
        case .freeze:
            let span = isLong ? milliseconds(longer(than: miss)) : milliseconds(shorter(than: miss))
            step("thaw", id: "\(name)-over", partner, delay: span)
        case .cut:
            let span = isLong ? milliseconds(longer(than: retries)) : milliseconds(shorter(than: retries))
            step("heal", id: "\(name)-over", delay: span)
        case .powerOff:
            let healsFirst = chance(1, of: 2)
            let first = milliseconds(0...600)
            let second = milliseconds(0...300)
            if healsFirst { step("heal", id: "\(name)-healed", delay: first) }
            step("boot", id: "\(name)-booted", partner, delay: healsFirst ? second : first)
            if !healsFirst { step("heal", id: "\(name)-healed", delay: second) }
            return healsFirst ? "\(name)-booted" : "\(name)-healed"
        }
        return "\(name)-over"
    }

    /// What the next fault waits for.
    private mutating func after(_ step: String, _ partner: PartnerID, isBoot: Bool, isLong: Bool) {
        guard isLong else {
            // The pair may never have noticed, and nothing more comes of it.
            trigger = nil
            return
        }
        let one: PartnerID = chance(1, of: 2) ? .a : .b
        switch random.next(upperBound: UInt64(10)) {
        case 0:
            strikesEarly = true
            trigger = nil
        case 1 where isBoot, 2 where isBoot:
            strikesEarly = true
            trigger = event("listening", of: partner, since: step)
        case 1, 2, 3:
            strikesEarly = true
            trigger = event("established", of: one, since: step)
        default: trigger = ready(of: one, since: step)
        }
    }

    /// How long after its trigger a fault comes.
    private mutating func pauseBefore() -> TimeSpan {
        if strikesEarly { return microseconds(0...12_000) }
        // Mostly when all is well again; else while what was lost is still being read back.
        return chance(8, of: 10) ? milliseconds(100...1_000) : microseconds(0...40_000)
    }

    // MARK: Steps

    private func ready(of partner: PartnerID, since step: String?) -> String {
        guard let client else { return event("established", of: partner, since: step) }
        return event("clientReady", of: partner, since: step, where: "client: \(client)")
    }

    private func event(
        _ name: String, of partner: PartnerID, since step: String?, where condition: String? = nil
    ) -> String {
        var text = "partner: \(partner.rawValue), event: \(name)"
        if let condition { text += ", where: { \(condition) }" }
        if let step { text += ", since: { step: \(step) }" }
        return text
    }

    private mutating func step(
        _ action: String, id: String, _ partner: PartnerID? = nil, delay: TimeSpan,
        killAfter: HandshakeOperation? = nil
    ) {
        var line = "do: \(action), id: \(id)"
        if let partner { line += ", partner: \(partner.rawValue)" }
        if let killAfter { line += ", killAfter: \(killAfter.rawValue)" }
        if let trigger { line += ", after: { \(trigger) }" }
        if delay != .zero { line += ", delay: \(SpanText.exact(delay))" }
        lines.append(line)
        delays = delays + delay
        trigger = nil
    }

    // MARK: Drawing

    private mutating func chance(_ part: UInt64, of whole: UInt64) -> Bool {
        random.next(upperBound: whole) < part
    }

    private mutating func weighted(_ weights: [(SoakFault, UInt64)]) -> SoakFault {
        var place = random.next(upperBound: weights.reduce(0) { $0 + $1.1 })
        for (fault, weight) in weights {
            if place < weight { return fault }
            place -= weight
        }
        return weights[0].0
    }

    private mutating func milliseconds(_ range: ClosedRange<UInt64>) -> TimeSpan {
        .milliseconds(UInt64.random(in: range, using: &random))
    }

    private mutating func microseconds(_ range: ClosedRange<UInt64>) -> TimeSpan {
        .microseconds(UInt64.random(in: range, using: &random))
    }

    /// From a tenth of a bound to nearly all of it.
    private func shorter(than bound: TimeSpan) -> ClosedRange<UInt64> {
        let whole = max(10, bound.nanoseconds / 1_000_000)
        return whole / 10...whole * 9 / 10
    }

    /// From a little more than a bound, in which the loss is sure to be found, to several times of it.
    private func longer(than bound: TimeSpan) -> ClosedRange<UInt64> {
        let whole = max(10, bound.nanoseconds / 1_000_000)
        return whole * 3 / 2...whole * 7
    }
}
