/// What a partner is to the cluster (claims C8 and C9).
public enum Role: UInt8, CaseIterable, Sendable {
    /// A storage controller.
    case storageSystem = 1
    /// A host that uses storage.
    case applicationServer = 2

    /// The name in configurations and event lines.
    public var name: StaticString {
        switch self {
        case .storageSystem: "storageSystem"
        case .applicationServer: "applicationServer"
        }
    }
}
