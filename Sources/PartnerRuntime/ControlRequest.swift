import ClusterConnection

/// What is asked of a running partner at its control socket: one line of text.
public enum ControlRequest: Hashable, Sendable {
    /// For its state.
    case status
    /// To announce a phase of its own boot to its partner.
    case announce(BootPhase)

    /// The phases that somebody else knows of: the storage operating system's. The others are the CCM's own.
    public static let announced: [BootPhase] = [.storageOSLoading, .storageOSActive, .panicked]

    /// The longest line, in bytes.
    static let limit = 64

    /// The line, with its end.
    var line: String {
        switch self {
        case .status: "status\n"
        case .announce(let phase): "announce \(phase.name)\n"
        }
    }

    init?(line: String) {
        let all = [ControlRequest.status] + Self.announced.map { .announce($0) }
        guard let request = all.first(where: { $0.line == line }) else { return nil }
        self = request
    }
}
