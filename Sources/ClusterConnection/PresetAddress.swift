/// The virtual addresses that every CCM agrees on beforehand, and therefore never sends (claims C2 and C19).
///
/// They lie far below where Linux maps programs, libraries and stacks on 64-bit machines, so that a process
/// can always have them. Status block and mailbox are separate memory regions, a page apart.
public enum PresetAddress {
    /// Where the status block lies: 64 bytes that the partner may read.
    public static let statusBlock: UInt64 = 0x1000_0000_0000
    /// Where the mailbox lies: 64 bytes that the partner may write.
    public static let mailbox: UInt64 = 0x1000_0001_0000
}
