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
    /// How many rails the pair has.
    package var rails: Int
    package var partners: [PartnerID: PartnerPlan]
    package var steps: [Step]
    /// What is varied, one thing after the other; empty for a scenario that is run once.
    package var sweep: [SweepAxis]
    package var expectations: [Expectation]
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

    /// All rails of the pair.
    var railNumbers: Set<Int> { Set(0..<rails) }
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
}

/// The times within which things must happen, where the partners' settings do not already promise them.
package struct Bounds: Hashable, Sendable {
    /// From both partners listening, running and joined by the rail to established on both sides.
    package var connect = TimeSpan.seconds(1)
    /// From the death of a partner's process to the survivor's verdict.
    package var dead = TimeSpan.milliseconds(20)
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
    /// The rail, or one of them, loses every packet, both ways.
    case cut
    /// The rail carries packets again.
    case heal
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
    /// What both partners hold of the system is counted. Nothing is done to anybody.
    case census

    /// Whether the action is done to one partner; the others are done to the rail, or to nobody.
    package var needsPartner: Bool { self != .cut && self != .heal && self != .census }

    /// What the action takes from a partner's end of the rail; nil when it takes nothing.
    package var taken: RailPart? {
        switch self {
        case .removeAddress: .address
        case .removeDevice: .device
        case .kill, .freeze, .thaw, .boot, .reboot, .stop, .cut, .heal, .holdWrites, .releaseWrites,
            .powerOff, .addAddress, .addDevice, .census:
            nil
        }
    }

    /// What the action gives back.
    package var given: RailPart? {
        switch self {
        case .addAddress: .address
        case .addDevice: .device
        case .kill, .freeze, .thaw, .boot, .reboot, .stop, .cut, .heal, .holdWrites, .releaseWrites,
            .powerOff, .removeAddress, .removeDevice, .census:
            nil
        }
    }

    /// The words as in the id of a step: `power-off`.
    var hyphenated: String {
        rawValue.reduce(into: "") { text, character in
            text += character.isUppercase ? "-\(character.lowercased())" : "\(character)"
        }
    }
}

/// What can be missing at a partner's end of the rail.
package enum RailPart: String, CaseIterable, Sendable {
    case address, device
}

/// One line of the schedule.
package struct Step: Sendable {
    package var id: String
    package var action: StepAction
    package var partner: PartnerID?
    /// The rail that is cut or healed; nil for all.
    package var rail: Int?
    package var trigger: Trigger
    /// Whether it begins with the step before it, and does not wait for that one's effect.
    package var isTogether = false
    /// The failpoint of the boot that this step starts.
    package var failpoint: Failpoint?
    /// Where the step stands in its file.
    package var line: Int

    /// Whether the step boots a partner that then stands still by itself: the step has its effect when it does.
    var freezesByItself: Bool { failpoint?.act == .freeze }
    /// What the step does in the end.
    var fault: StepAction { freezesByItself ? .freeze : action }
}

/// When a step is due.
package enum Trigger: Hashable, Sendable {
    /// So long after the run's start.
    case at(TimeSpan)
    /// So long after something else.
    case after(Anchor, delay: TimeSpan)
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
