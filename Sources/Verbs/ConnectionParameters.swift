import CRDMA
import Glibc

/// What a connection is asked for or accepted with (rdma_connect(3), rdma_accept(3)).
public struct ConnectionParameters: Sendable {
    /// The most private data that a connection request carries.
    public static let requestCapacity = 56
    /// The most private data that an acceptance carries.
    public static let acceptanceCapacity = 196
    /// The most private data that a rejection carries.
    public static let rejectionCapacity = 148

    /// Sent along: at most `requestCapacity` or `acceptanceCapacity` bytes.
    public var privateData: PrivateData
    /// How many reads of the partner's this side serves at once. 0 forbids it to read here at all.
    public var responderResources: UInt8
    /// How many reads this side has under way at once; further ones wait.
    public var initiatorDepth: UInt8
    /// How often a packet that is not acknowledged is sent again before the work fails with
    /// `retryExceeded`: 1 to 6. Ignored in an acceptance, which follows the request.
    public var retryCount: UInt8
    /// How often a send is tried again while the partner has no receive posted: 0 to 6.
    public var receiverNotReadyRetryCount: UInt8

    /// Parameters of a connection that reads both ways, and gives up rather than try for ever.
    public init(
        privateData: PrivateData = PrivateData(), responderResources: UInt8 = 4, initiatorDepth: UInt8 = 4,
        retryCount: UInt8 = 6, receiverNotReadyRetryCount: UInt8 = 6
    ) {
        self.privateData = privateData
        self.responderResources = responderResources
        self.initiatorDepth = initiatorDepth
        self.retryCount = retryCount
        self.receiverNotReadyRetryCount = receiverNotReadyRetryCount
    }

    /// Throws `EMSGSIZE` or `EINVAL` for what `call` cannot send or what would hang.
    func check(for call: StaticString, capacity: Int) throws(VerbsError) {
        try Self.check(privateData, for: call, capacity: capacity)
        try Retries.check(retryCount, receiverNotReady: receiverNotReadyRetryCount, for: call)
    }

    /// Throws `EMSGSIZE` for more private data than `call` can send.
    static func check(_ data: PrivateData, for call: StaticString, capacity: Int) throws(VerbsError) {
        guard data.count <= capacity else {
            throw VerbsError(
                call: call, errno: EMSGSIZE,
                detail: "\(data.count) bytes of private data, at most \(capacity)")
        }
    }

    /// Lends the parameters as C wants them. The pointer is good inside `body` only.
    func withConnectionParameters<Result>(_ body: (UnsafeMutablePointer<rdma_conn_param>) -> Result) -> Result
    {
        privateData.withUnsafePointer { data, count in
            var parameters = rdma_conn_param()
            parameters.private_data = count > 0 ? data : nil
            parameters.private_data_len = count
            parameters.responder_resources = responderResources
            parameters.initiator_depth = initiatorDepth
            parameters.flow_control = 1
            parameters.retry_count = retryCount
            parameters.rnr_retry_count = receiverNotReadyRetryCount
            return body(&parameters)
        }
    }
}
