/// Where a CCM stands on one rail. Each rail has a status block, a mailbox and a connection of its own, and is connected,
/// lost and connected again whatever becomes of the others.
public struct RailState: Sendable {
    /// Where this side stands with the partner on this rail.
    public internal(set) var link: Link = .closed
    /// What the partner may read of this side on this rail.
    public internal(set) var block: StatusBlock
    /// How often an established connection of this rail ended while another rail still carried heartbeats.
    public internal(set) var faults: UInt64 = 0
    /// Why it last did; nil while it never did.
    public internal(set) var lastFault: StaticString?

    var keys = Keys(statusBlock: 0, mailbox: 0)
    var mailbox: Mailbox = InlineArray(repeating: 0)
    var backoff: Backoff
    var failures = Repetition()
    var refusals = Repetition()
    /// The partner's boot phase as last read on this rail, in its present life.
    var partnerPhase: BootPhase?
    /// A message that came before this side was established.
    var early: [UInt8]?
    /// When the next heartbeat interval ends; nil while none is counted.
    var tickDue: Instant?

    struct Keys: Sendable {
        var statusBlock: UInt32
        var mailbox: UInt32
    }

    init(_ block: StatusBlock, _ settings: Settings) {
        self.block = block
        backoff = Backoff(start: settings.backoffStart, cap: settings.backoffCap)
    }

    /// Whether heartbeats prove on this rail that the partner is there.
    public var isEstablished: Bool { if case .established = link { true } else { false } }
}
