import ClusterConnection

/// What every run of a lab has in common.
struct RunTools: Sendable {
    /// The partner program.
    var ccmd: String
    /// The folder of the checkout.
    var root: String
    /// `scripts/fabric` of the checkout.
    var fabricScript: String
    /// What the run is on.
    var fabric: FabricKind
    /// `virtual` or `real`, for the history.
    var clock: String
    /// The kernel's release.
    var kernel: String
    /// Whether a run keeps its packets. On one processor the capture takes time from what is measured.
    var capturesPackets: Bool
    /// Whether partners record their lives for a replay. That takes a little time, too.
    var recordsLives: Bool
    /// Whether the instructions of partners are counted.
    var countsInstructions = false

    /// How rails carry packets of which a scenario says nothing.
    var defaultCarriage: RailCarriage.Resolved { fabric == .uml ? .uml : .none }
    /// How long a partner's history may wait to be written; nil for as long as usual. On User-Mode Linux writing takes no
    /// time, and what is written at once is neither lost in a kill nor heard of late by a step that waits for it.
    var writeDelay: TimeSpan? { fabric == .uml && !countsInstructions ? .zero : nil }
    /// A tick of the kernel's clock, to which Soft-RoCE rounds its timers.
    var tick: TimeSpan { fabric == .uml ? Promise.tickOfUML : Promise.usualTick }
}
