import ClusterConnection

/// One scenario file: two partners, their boots, what happens to them, and what must come of it.
package struct Scenario: Sendable {
    /// The file as it was named to the lab.
    package var file: String
    /// The file's text, kept so that the run folder holds the scenario as run.
    package var text: String
    package var name: String
    package var summary: String
    package var claims: [Claim]
    package var tags: [String]
    /// How each rail of the pair carries packets.
    package var carriages: [RailCarriage]
    package var partners: [PartnerID: PartnerPlan]
    package var steps: [Step]
    /// What is varied, one thing after the other; empty for a scenario that is run once.
    package var sweep: [SweepAxis]
    package var expectations: [Expectation]
    /// What is known to break; nil where all has to hold.
    package var expectedBreak: ExpectedBreak?
    package var until: Until
    /// How long the pair must stay in its final state before the run ends.
    package var settle: TimeSpan
    /// How long a run may take; what is undecided then has not happened.
    package var deadline: TimeSpan
    package var bounds: Bounds
    /// Endless loops that take processor time beside the partners for as long as the run lasts.
    package var busyLoops: Int
    /// Whether the run keeps its packets.
    package var capturesPackets: Bool
    /// The fabrics that it declares it cannot be run on, and why.
    package var unsupported: [FabricKind: String]

    /// How many rails the pair has.
    package var rails: Int { carriages.count }
    /// All rails of the pair.
    var railNumbers: Set<Int> { Set(0..<rails) }
    /// Whether what leaves the rails' ends is shaped some time: lost, delayed, or carried badly.
    var shapesRails: Bool { steps.contains { $0.action.shapesRails } }
    /// The partners whose writes are held back some time.
    var heldPartners: Set<PartnerID> {
        Set(steps.filter { $0.action == .holdWrites }.compactMap(\.partner))
    }
}

/// How one partner boots.
package struct PartnerPlan: Sendable {
    package var settings: PartnerSettings
    /// When its power comes on, after the run's start; nil when only a step boots it.
    package var bootAt: TimeSpan?
    /// Where its first boot kills itself; nil for nowhere.
    package var failpoint: Failpoint?
    /// The program that the partner is; nil for `ccmd`.
    package var program: PartnerProgram?
}

/// The times within which things must happen, where the partners' settings do not already promise them.
package struct Bounds: Hashable, Sendable {
    /// From both partners listening, running and joined by the rail to established on both sides.
    package var connect = TimeSpan.seconds(1)
    /// From the death of a partner's process to the survivor's verdict.
    package var dead = TimeSpan.milliseconds(20)
    /// Within which a partner's own program finds any loss; nil for what the settings promise.
    package var found: TimeSpan?
    /// Added to every bound that settings promise, for the scheduling of processes.
    package var slack = TimeSpan.milliseconds(5)
    /// Added to every bound in real time, where a busy host keeps processes waiting.
    package var realTimeSlack = TimeSpan.milliseconds(500)
    /// How many bytes of history each partner may write in a run; nil for any number.
    package var historyBytes: Int?

    package init() {}
}

/// What the lab does to a partner or to the rail between them.
package enum StepAction: String, CaseIterable, Sendable {
    /// SIGKILL: the process is gone between two instructions.
    case kill
    /// SIGSTOP: the process stands still, its memory still answers.
    case freeze
    /// SIGCONT.
    case thaw
    /// A new incarnation starts.
    case boot
    /// Kill, and boot at once.
    case reboot
    /// SIGTERM: the orderly goodbye.
    case stop
    /// The rail, or one of them, loses every packet, both ways; with a partner all that this one sends, and nothing
    /// of what the other sends.
    case cut
    /// The rail carries packets again, both ways.
    case heal
    /// The rail, or one of them, carries packets badly: late, not all of them, twice, in another order, damaged or
    /// slowly, as the step says; with a partner only those that this one sends.
    case degrade
    /// The rail carries all packets as they are again. A step that finds no packet that met what `degrade` set up
    /// fails the run.
    case restore
    /// The partner's network interface is taken down. The interface at the other end has no carrier then, and both
    /// RDMA devices report that their port is down.
    case linkDown
    /// The partner's network interface is brought up again.
    case linkUp
    /// The partner's network interface gets another MAC address while it is up, and announces it, as an adapter does
    /// that takes over from another.
    case changeMac
    /// The partner's network interface gets its first MAC address back, and announces it.
    case restoreMac
    /// What the partner writes into the other's memory stays on its side of the rail, in the order in which it was
    /// sent. All else passes: reads, messages, acknowledgements, and all that the other one sends.
    case holdWrites
    /// What was held back goes out, and is seen to arrive. A step that finds nothing held back fails the run.
    case releaseWrites
    /// The rail is cut, the process killed and its RDMA device made anew: power is gone, nobody says goodbye.
    /// The rail stays cut until it is healed.
    case powerOff
    /// The partner's hardware addresses are taken away; its RDMA device stays.
    case removeAddress
    /// The partner's hardware addresses are given back, in another order than they were made in, so that their
    /// GIDs have other indexes.
    case addAddress
    /// The partner's RDMA device is taken away, whoever uses it.
    case removeDevice
    /// The partner's RDMA device is made again.
    case addDevice
    /// The partner's process loses its real-time priority and gets a processor for `quota` in each `period` only.
    case starve
    /// The partner's process runs as before again. A step that finds that it never had to wait fails the run.
    case feed
    /// The partner's process may take `room` bytes of memory more, and is held up for each page beyond that.
    case squeeze
    /// The partner's process gets all the memory that there is again. A step that finds that it never needed more than
    /// its room fails the run.
    case relieve
    /// The machine's wall clock (CLOCK_REALTIME) is set forward or back, as `ntpd` or an operator does. It is set
    /// right when the run is over.
    case stepClock
    /// What both partners hold of the system is counted. Nothing is done to anybody.
    case census

    /// Whom the action is done to.
    package var object: StepObject {
        switch self {
        case .cut, .degrade: .railOrSender
        case .heal, .restore: .rail
        case .stepClock: .machine
        case .census: .bothPartners
        case .kill, .freeze, .thaw, .boot, .reboot, .stop, .holdWrites, .releaseWrites, .powerOff,
            .removeAddress,
            .addAddress, .removeDevice, .addDevice, .linkDown, .linkUp, .changeMac, .restoreMac, .starve,
            .feed, .squeeze, .relieve:
            .partner
        }
    }

    /// Whether the action can be done to one rail of several.
    package var takesRail: Bool {
        switch self {
        case .cut, .heal, .degrade, .restore, .linkDown, .linkUp, .changeMac, .restoreMac: true
        default: false
        }
    }

    /// Whether the action sets what becomes of the packets that leave the rails' ends.
    package var shapesRails: Bool {
        switch self {
        case .cut, .heal, .degrade, .restore, .powerOff: true
        default: false
        }
    }

    /// What undoes the action; nil where nothing does, or where that is an action of its own kind.
    package var opposite: StepAction? {
        switch self {
        case .freeze: .thaw
        case .cut: .heal
        case .degrade: .restore
        case .linkDown: .linkUp
        case .changeMac: .restoreMac
        case .starve: .feed
        case .squeeze: .relieve
        case .holdWrites: .releaseWrites
        case .removeAddress: .addAddress
        case .removeDevice: .addDevice
        default: nil
        }
    }

    /// What the action takes from a partner's end of the rail; nil when it takes nothing.
    package var taken: RailPart? {
        switch self {
        case .removeAddress: .address
        case .removeDevice: .device
        case .linkDown: .link
        case .changeMac: .mac
        default: nil
        }
    }

    /// What the action gives back.
    package var given: RailPart? {
        switch self {
        case .addAddress: .address
        case .addDevice: .device
        case .linkUp: .link
        case .restoreMac: .mac
        default: nil
        }
    }

    /// The words as in the id of a step: `power-off`.
    var hyphenated: String {
        rawValue.reduce(into: "") { text, character in
            text += character.isUppercase ? "-\(character.lowercased())" : "\(character)"
        }
    }
}

/// Whom or what a step is done to.
package enum StepObject: Sendable {
    case partner
    case rail
    /// The rail, or what one partner sends over it.
    case railOrSender
    case bothPartners
    case machine

    /// In the words of a message.
    package var words: String {
        switch self {
        case .partner: "a or b"
        case .rail, .railOrSender: "the rail"
        case .bothPartners: "both partners"
        case .machine: "the machine"
        }
    }
}

/// What can be missing at a partner's end of the rail.
package enum RailPart: String, CaseIterable, Sendable {
    case address, device
    /// The interface is up.
    case link
    /// The interface's own MAC address.
    case mac
}

/// One line of the schedule.
package struct Step: Sendable {
    package var id: String
    package var action: StepAction
    package var partner: PartnerID?
    /// The rail that it is done to; nil for all.
    package var rail: Int?
    package var trigger: Trigger
    /// How badly a degraded rail carries packets.
    package var degradation: Degradation?
    /// What is left of the processor for a starved partner.
    package var ration: Ration?
    /// How many bytes of memory a squeezed partner may still take.
    package var room: UInt64?
    /// How far the wall clock is set, in nanoseconds; negative for back.
    package var clockStep: Int64 = 0
    /// Whether it begins with the step before it, and does not wait for that one's effect.
    package var isTogether = false
    /// Whether it is done at one of many instants: then it does not wait for a goodbye that the step before it has begun.
    package var isAtInstant = false
    /// The failpoint of the boot that this step starts.
    package var failpoint: Failpoint?
    /// Where the step stands in its file.
    package var line: Int

    /// The kernel counts memory in pages.
    static let page: UInt64 = 4_096
    /// More would be no lack of memory for a partner.
    static let mostRoom: UInt64 = 1 << 30

    /// Whether a part of it has nobody to be done to, and has its effect all the same, where its partner was told to stop
    /// and is gone: a goodbye may be over just before the last of the instants.
    func isMoot(for part: StepAction) -> Bool {
        switch part {
        case .kill, .powerOff, .freeze: isAtInstant
        // Who was to be frozen at an instant.
        case .thaw: true
        default: false
        }
    }
    /// Whether it stands for a run at each of many instants.
    var hasInstants: Bool { if case .instants = trigger { true } else { false } }
    /// Whether the step boots a partner that then stands still by itself: the step has its effect when it does.
    var freezesByItself: Bool { failpoint?.act == .freeze }
    /// How it does what it does, for its line in the history.
    var details: [(String, JSONValue)] {
        if let degradation { return [("packets", .string(degradation.words))] }
        if let ration {
            return [
                ("quotaNs", .unsigned(ration.quota.nanoseconds)),
                ("periodNs", .unsigned(ration.period.nanoseconds)),
            ]
        }
        if let room { return [("roomBytes", .unsigned(room))] }
        return clockStep == 0 ? [] : [("byNs", .integer(clockStep))]
    }
    /// What the step does in the end.
    var fault: StepAction { freezesByItself ? .freeze : action }
}

/// When a step is due.
package enum Trigger: Hashable, Sendable {
    /// So long after the run's start.
    case at(TimeSpan)
    /// So long after something else.
    case after(Anchor, delay: TimeSpan)
    /// At each of many instants, in a run of its own each, in which it is `at` that one.
    case instants(InstantRange)
}

/// A moment of a run that other moments are counted from.
package indirect enum Anchor: Hashable, Sendable {
    case start
    /// A step took effect.
    case step(String)
    /// An event was seen, so many times, counted from another moment.
    case event(EventPattern, count: Int, since: Anchor)
}

/// Which events are meant.
package struct EventPattern: Hashable, Sendable {
    package var partner: PartnerID?
    package var event: EventName
    /// Each field must have one of the values, compared as text.
    package var fields: [FieldPattern]

    package init(partner: PartnerID?, event: EventName, fields: [FieldPattern] = []) {
        self.partner = partner
        self.event = event
        self.fields = fields
    }
}

/// What one field of an event must hold.
package struct FieldPattern: Hashable, Sendable {
    package var name: String
    package var values: [FieldValue]
}

/// What must, or must not, happen in a run.
package struct Expectation: Sendable {
    /// Any one of these counts.
    package var patterns: [EventPattern]
    /// How many of them have to come.
    package var count: ClosedRange<Int> = Self.once
    /// Counted from this moment.
    package var of: Anchor
    /// Until so long after that moment; nil for the rest of the run.
    package var within: TimeSpan?
    /// Until this moment, which may never come; nil for the rest of the run.
    package var before: Anchor?
    package var line: Int

    /// One or more.
    package static let once = 1...Int.max
    /// None at all.
    package static let none = 0...0
    /// Whether it forbids something.
    package var never: Bool { count == Self.none }
    /// Whether something has to come.
    package var wantsSome: Bool { count.lowerBound > 0 }
}

/// When a run is over.
package enum Until: Hashable, Sendable {
    /// All steps are done, all expectations decided, and whoever lives is connected and ready for its clients, or
    /// knows that it never can be.
    case settled
    /// So long after the run's start.
    case time(TimeSpan)
    /// Something happened.
    case anchor(Anchor)
}
