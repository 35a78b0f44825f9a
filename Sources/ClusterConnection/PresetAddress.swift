/// The virtual addresses that every CCM agrees on beforehand, and therefore never sends (claims C2 and C19).
///
/// They lie far below where Linux maps programs, libraries and stacks on 64-bit machines, so that a process
/// can always have them. Status block and mailbox are separate memory regions, 64 KiB apart; those of the next rail
/// lie 1 MiB higher.
public enum PresetAddress {
    /// Where the first rail's status block lies: 64 bytes that the partner may read.
    public static let statusBlock: UInt64 = 0x1000_0000_0000
    /// Where the first rail's mailbox lies: 64 bytes that the partner may write.
    public static let mailbox: UInt64 = 0x1000_0001_0000
    /// From a rail's memory to the next one's.
    public static let railDistance: UInt64 = 0x10_0000

    /// Where a rail's status block lies.
    public static func statusBlock(of rail: RailID) -> UInt64 {
        statusBlock + UInt64(rail.index) * railDistance
    }

    /// Where a rail's mailbox lies.
    public static func mailbox(of rail: RailID) -> UInt64 { mailbox + UInt64(rail.index) * railDistance }
}
