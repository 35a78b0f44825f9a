import CRDMA

/// What may be done with registered memory besides being read locally (`ibv_access_flags`).
public struct MemoryAccess: OptionSet, Sendable {
    /// The flags as C has them.
    public let rawValue: UInt32

    /// The flags as C has them.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Own reads and receives may write here. Needed for `remoteWrite` too.
    public static let localWrite = MemoryAccess(rawValue: IBV_ACCESS_LOCAL_WRITE.rawValue)
    /// The partner may write here.
    public static let remoteWrite = MemoryAccess(rawValue: IBV_ACCESS_REMOTE_WRITE.rawValue)
    /// The partner may read here.
    public static let remoteRead = MemoryAccess(rawValue: IBV_ACCESS_REMOTE_READ.rawValue)
}
