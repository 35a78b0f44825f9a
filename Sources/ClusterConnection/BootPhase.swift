/// How far a partner has come in its boot: the stage that its status block's boot-status variable shows.
///
/// A monotone stage, not a flag: within one incarnation it only rises, so a partner that reads it twice can
/// tell progress from standstill (claim C19).
public enum BootPhase: UInt8, CaseIterable, Sendable {
    /// Power is on; no CCM yet.
    case poweredOn = 1
    /// The CCM is being initialised in the boot process.
    case ccmStarting = 2
    /// The boot port answers; the preset memory is registered.
    case ccmListening = 3
    /// The storage operating system is being loaded.
    case storageOSLoading = 4
    /// The storage operating system is fully active.
    case storageOSActive = 5
    /// An orderly shutdown is under way.
    case shuttingDown = 6
    /// The partner's own software gave up.
    case panicked = 7

    /// The name in configurations, event lines and reports.
    public var name: StaticString {
        switch self {
        case .poweredOn: "poweredOn"
        case .ccmStarting: "ccmStarting"
        case .ccmListening: "ccmListening"
        case .storageOSLoading: "storageOSLoading"
        case .storageOSActive: "storageOSActive"
        case .shuttingDown: "shuttingDown"
        case .panicked: "panicked"
        }
    }
}

extension BootPhase: Comparable {
    /// Earlier phases are smaller.
    public static func < (lhs: BootPhase, rhs: BootPhase) -> Bool { lhs.rawValue < rhs.rawValue }
}
