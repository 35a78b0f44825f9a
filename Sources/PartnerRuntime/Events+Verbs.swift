import ClusterConnection
import Glibc
import Verbs

extension Event {
    /// What a refusal means: the partner's CCM's own, or the transport's.
    init(rejected connection: ConnectionID, _ event: borrowing ConnectionEvent) {
        switch RejectReason(rawValue: event.status) {
        case .consumer:
            self = .refused(connection, Rejection.Words(prefixOf: event.privateData))
        case .noListener:
            self = .connectFailed(connection, .nobodyListens)
        case .staleConnection:
            self = .connectFailed(connection, .staleTransport)
        default:
            self = .connectFailed(connection, .refusedByTransport)
        }
    }
}

extension Outcome {
    /// What a work completion tells a CCM.
    init(_ status: WorkCompletionStatus) {
        self =
            switch status {
            case .success: .success
            case .retryExceeded, .responseTimeout: .retryExceeded
            case .flushed: .flushed
            case .remoteAccess, .remoteInvalidRequest, .remoteOperation, .remoteAbort: .refusedByPartner
            default: .failed
            }
    }
}

extension InlineArray where Element == UInt64 {
    /// The words at the front of private data; nil when it holds fewer bytes.
    init?(prefixOf data: PrivateData) {
        let words: InlineArray<count, UInt64>? = data.withBytes { bytes in
            guard bytes.byteCount >= Self.count * 8 else { return nil }
            return InlineArray<count, UInt64> { index in
                var word: UInt64 = 0
                for byte in (0..<8).reversed() {
                    word =
                        word << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index * 8 + byte, as: UInt8.self))
                }
                return word
            }
        }
        guard let words else { return nil }
        self = words
    }
}

extension VerbsError {
    /// Whether an address or a way to it is what is missing.
    var isUnresolved: Bool {
        [ENODEV, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ETIMEDOUT, EHOSTUNREACH].contains(errno)
    }
}
