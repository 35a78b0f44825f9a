/// The laboratory's failpoint: what a partner process does to itself at a moment of its way to ready, or a little later.
/// From outside nobody could be as quick as that.
public struct Failpoint: Hashable, Sendable {
    /// What it does.
    public enum Act: String, CaseIterable, Sendable {
        /// SIGKILL.
        case kill
        /// SIGSTOP.
        case freeze

        /// The name in event lines.
        public var name: StaticString { self == .kill ? "kill" : "freeze" }
    }

    /// The moments at which it can be: records of the connection manager, the first one of a life counts.
    public enum Moment: String, CaseIterable, Sendable {
        /// A request was accepted, and the acceptance is not on its way yet.
        case requestAccepted
        case connected
        case firstRead, firstWrite, secondRead, secondWrite
        case established
        case peerInformation, clientInformation, portsMade, readySaid, partnerReady

        /// The name in event lines.
        public var name: StaticString {
            switch self {
            case .requestAccepted: "requestAccepted"
            case .connected: "connected"
            case .firstRead: "firstRead"
            case .firstWrite: "firstWrite"
            case .secondRead: "secondRead"
            case .secondWrite: "secondWrite"
            case .established: "established"
            case .peerInformation: "peerInformation"
            case .clientInformation: "clientInformation"
            case .portsMade: "portsMade"
            case .readySaid: "readySaid"
            case .partnerReady: "partnerReady"
            }
        }

        /// The record that tells of it.
        public var event: EventName {
            switch self {
            case .requestAccepted: .requestAccepted
            case .connected: .connected
            case .firstRead: .firstReadCompleted
            case .firstWrite: .firstWriteCompleted
            case .secondRead: .secondReadCompleted
            case .secondWrite: .secondWriteCompleted
            case .established: .established
            case .peerInformation: .peerInformation
            case .clientInformation: .clientInformation
            case .portsMade: .portsMade
            case .readySaid: .readySaid
            case .partnerReady: .partnerReady
            }
        }
    }

    /// What it does.
    public var act: Act
    /// When.
    public var after: Moment
    /// How much later; with none, nothing of what was to follow the moment happens.
    public var delay: TimeSpan

    /// A failpoint.
    public init(_ act: Act, after: Moment, delay: TimeSpan = .zero) {
        self.act = act
        self.after = after
        self.delay = delay
    }
}
