/// Why a connection request was refused: the status of a `rejected` event.
///
/// The numbers are those of the InfiniBand communication manager (IB specification 1, table "REJ reason").
public struct RejectReason: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: Int32

    /// The reason with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The partner's kernel has no more queue pairs or memory for the request.
    public static let noResources = RejectReason(rawValue: 3)
    /// The request timed out on the way.
    public static let timeout = RejectReason(rawValue: 4)
    /// The partner's kernel lives, and nobody listens on that port.
    public static let noListener = RejectReason(rawValue: 8)
    /// The partner still holds a connection that it takes for this one.
    public static let staleConnection = RejectReason(rawValue: 10)
    /// The program at the partner refused; its private data may say why.
    public static let consumer = RejectReason(rawValue: 28)
}

extension RejectReason: CustomStringConvertible {
    /// A few words and the number: `nobody listens on that port (8)`.
    public var description: String {
        let text =
            switch self {
            case .noResources: "the partner is out of resources"
            case .timeout: "the request timed out"
            case .noListener: "nobody listens on that port"
            case .staleConnection: "the partner still holds an older connection"
            case .consumer: "refused by the program at the partner"
            default: "refused by the transport"
            }
        return "\(text) (\(rawValue))"
    }
}
