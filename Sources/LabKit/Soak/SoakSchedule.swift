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
    private let rails: Int
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
        let promise = Promise(
            bounds: base.bounds, isRealTime: false,
            railDelay: base.carriages(on: .none).map(\.delay).max() ?? .zero)
        miss = max(promise.hung(settings), promise.hung(other))
        retries = max(promise.unreachable(settings), promise.unreachable(other))
        let names = Set(other.clients.map(\.name))
        rails = base.rails
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
            : weighted([(.kill, 3), (.freeze, 3), (.cut, 3), (.powerOff, 3), (.cutRail, rails > 1 ? 6 : 0)])
        let partner: PartnerID = chance(1, of: 2) ? .a : .b
        let isLong = fault == .kill || fault == .powerOff || chance(3, of: 5)
        let before = count
        count += 1
        let name = "f\(count)"
        // What a life held at its end tells more than what its successor holds.
        if trigger != nil, !strikesEarly, fault == .kill || fault == .powerOff, chance(1, of: 2) {
            step("census", id: "census-\(count)", delay: .milliseconds(400))
        }
        let rail = fault == .cutRail ? Int(random.next(upperBound: UInt64(rails))) : nil
        step(
            fault.action, id: name, fault == .cut || fault == .cutRail ? nil : partner, rail: rail,
            delay: pauseBefore())
        strikesEarly = false
        var nested: String?
        if isLong, left > 1, fault == .freeze || fault == .cut || fault == .cutRail, chance(1, of: 5) {
            nested = drawNested(in: fault, at: partner)
        }
        var isStruck = false
        if fault == .kill, left > 1, chance(2, of: 3) {
            repeat {
                isStruck = drawStrike(partner)
            } while !isStruck && left > count - before && chance(1, of: 3)
        }
        if isStruck {
            // Woken up before the other one finds it hung, or after that.
            let isLong = chance(1, of: 2)
            let over = end(of: .freeze, "f\(count)", partner, rail: nil, isLong: isLong)
            return after(over, partner, isBoot: false, isLong: isLong)
        }
        let over = end(of: fault, name, partner, rail: rail, isLong: isLong)
        if let rail { return afterRail(rail, over, isLong: isLong) }
        after(over, partner, isBoot: fault == .kill, isLong: isLong || nested != nil)
    }

    /// A boot that kills or freezes itself on its way to ready, at a moment that nobody outside could hit.
    ///
    /// - Returns: whether the partner lives, and stands still.
    private mutating func drawStrike(_ partner: PartnerID) -> Bool {
        count += 1
        // Without clients nothing is exchanged that would be worth a strike.
        // Only one side accepts.
        let moments = Failpoint.Moment.allCases.filter {
            $0 != .requestAccepted && (client != nil || $0.isOfHandshake)
        }
        let moment = moments[Int(random.next(upperBound: UInt64(moments.count)))]
        // A handshake takes little more than a millisecond, an exchange twenty.
        let failpoint = Failpoint(
            chance(1, of: 2) ? .kill : .freeze, after: moment,
            delay: chance(1, of: 2) ? .zero : microseconds(0...(moment.isOfHandshake ? 1_500 : 6_000)))
        let name = "f\(count)"
        step("boot", id: name, partner, delay: milliseconds(0...300), failpoint: failpoint)
        if failpoint.act == .freeze { return true }
        trigger = event("processEnded", of: partner, since: name)
        return false
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
        return end(of: fault, name, victim, rail: nil, isLong: true)
    }

    /// The steps that end a fault; gives the id of the last.
    private mutating func end(
        of fault: SoakFault, _ name: String, _ partner: PartnerID, rail: Int?, isLong: Bool
    ) -> String {
        switch fault {
        case .kill:
            // At once, faster than anybody notices, or after a while.
            step("boot", id: "\(name)-over", partner, delay: chance(1, of: 3) ? .zero : milliseconds(0...700))
        case .freeze:
            let span = isLong ? milliseconds(longer(than: miss)) : milliseconds(shorter(than: miss))
            step("thaw", id: "\(name)-over", partner, delay: span)
        case .cut, .cutRail:
            let span = isLong ? milliseconds(longer(than: retries)) : milliseconds(shorter(than: retries))
            step("heal", id: "\(name)-over", rail: rail, delay: span)
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

    /// What the next fault waits for when a rail is whole again. A life of the partner that began meanwhile may have had
    /// its clients ready on the other one long ago.
    private mutating func afterRail(_ rail: Int, _ step: String, isLong: Bool) {
        guard isLong else {
            trigger = nil
            return
        }
        strikesEarly = chance(1, of: 4)
        trigger = event(
            "established", of: chance(1, of: 2) ? .a : .b, since: step, where: "rail: \(rail)")
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
        _ action: String, id: String, _ partner: PartnerID? = nil, rail: Int? = nil, delay: TimeSpan,
        failpoint: Failpoint? = nil
    ) {
        var line = "do: \(action), id: \(id)"
        if let partner { line += ", partner: \(partner.rawValue)" }
        if let rail { line += ", rail: \(rail)" }
        if let failpoint {
            line += ", \(failpoint.act.rawValue)After: \(failpoint.after.rawValue)"
            if failpoint.delay != .zero { line += ", failDelay: \(SpanText.exact(failpoint.delay))" }
        }
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

extension Failpoint.Moment {
    /// Whether it is before the two sides have exchanged anything but their handshake.
    fileprivate var isOfHandshake: Bool {
        switch self {
        case .requestAccepted, .connected, .firstRead, .firstWrite, .secondRead, .secondWrite, .established:
            true
        case .peerInformation, .clientInformation, .portsMade, .readySaid, .partnerReady: false
        }
    }
}
