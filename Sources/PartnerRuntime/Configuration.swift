import Addressing
import ClusterConnection

/// What one partner process is told: everything of `ClusterConnection.Settings`, and what only a real process
/// on a real rail needs.
public struct Configuration: Hashable, Sendable {
    /// The partner's name in events and reports.
    public var partner: String
    /// What the connection manager is told, but for the number of rails: that is how many `rails` there are.
    public var settings: Settings
    /// The paths of the interconnect, 1 to `RailID.limit`, in the same order at both partners.
    public var rails: [Rail]
    /// When the own boot reaches which phase.
    public var boot: BootSchedule
    /// How the transport tries again.
    public var transport: Transport
    /// The product's own clients that it runs.
    public var clients: [ClientEntry] = []
    /// Where `ccmd status` finds the process; nil for nowhere.
    public var controlPath: String?
    /// The file that all events and actions of the connection manager are recorded in, for a replay; nil for none.
    public var recordingPath: String?
    /// How long what belongs into the history or the recording may wait until it is written. A SIGKILL can cost so much of
    /// them.
    public var writeDelay = Self.usualWriteDelay

    /// Longer than a boot handshake takes on a rail that is up, so that writing takes no time from it.
    public static let usualWriteDelay = TimeSpan.milliseconds(2)
    /// The laboratory's failpoint; nil for none.
    public var failpoint: Failpoint?

    /// One path of the interconnect.
    public struct Rail: Hashable, Sendable {
        /// The own hardware address: what an RDMA device of this side is reached by.
        public var address: RailAddress
        /// The partner's hardware address, known beforehand (claim C15); may be a Fibre Channel identifier
        /// (claim C17).
        public var partnerAddress: RailAddress
        /// The boot port, the same on both sides (claim C15).
        public var bootPort: UInt16
    }

    /// The moments of the own boot.
    public struct BootSchedule: Hashable, Sendable {
        /// When the CCM is initialised, from the start of the process, which stands for power-on.
        public var ccmStarting: TimeSpan
        /// When the storage operating system begins to load.
        public var storageOSLoading: Moment
        /// When the storage operating system is fully active.
        public var storageOSActive: Moment

        /// When a phase begins.
        public enum Moment: Hashable, Sendable {
            /// So long after the start of the process.
            case after(TimeSpan)
            /// When `ccmd announce` says so.
            case announced
        }

        /// When a phase of the storage operating system begins. A panic has no time of its own.
        func moment(of phase: BootPhase) -> Moment {
            switch phase {
            case .storageOSLoading: storageOSLoading
            case .storageOSActive: storageOSActive
            case .poweredOn, .ccmStarting, .ccmListening, .shuttingDown, .panicked: .announced
            }
        }
    }

    /// How long the transport tries: (retryCount + 1) times 4.096 µs × 2^ackTimeout, rounded up to the
    /// kernel's clock ticks (InfiniBand specification, local ACK timeout).
    public struct Transport: Hashable, Sendable {
        /// The exponent of the acknowledge timeout.
        public var ackTimeout: UInt8
        /// How often a request is sent again; 1 to 6, because rxe takes 7 for "for ever".
        public var retryCount: UInt8

        /// How long after a post the transport says that nothing answers, at the latest: each try may take
        /// two ticks of a 250 Hz kernel longer than its timer.
        public var bound: TimeSpan {
            (TimeSpan.nanoseconds(4_096) * (UInt64(1) << UInt64(ackTimeout)) + .milliseconds(8))
                * (UInt64(retryCount) + 1)
        }
    }

    /// The boot port unless a configuration names another.
    public static let defaultBootPort: UInt16 = 17320
}
