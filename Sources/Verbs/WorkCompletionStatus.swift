import CRDMA

/// How a piece of work ended (`ibv_wc_status` of ibv_poll_cq(3)).
public enum WorkCompletionStatus: Hashable, Sendable {
    /// The work is done.
    case success
    /// A message was longer than the receive posted for it, or the work longer than allowed.
    case localLength
    /// This side's queue pair could not do the work.
    case localQueuePairOperation
    /// Not used by this kind of connection.
    case localEndToEndContextOperation
    /// The local memory is not registered for this, or not any more.
    case localProtection
    /// The queue pair is in its error state, after a failure or a disconnection: not begun, or cut short.
    case flushed
    /// Not used by this module.
    case memoryWindowBind
    /// The partner's answer was not understood.
    case badResponse
    /// The partner's message hit local memory that may not be written.
    case localAccess
    /// The partner refused the message as invalid: too long for its receive, or reads are not allowed.
    case remoteInvalidRequest
    /// The partner's memory is not open for this: wrong key (an older registration's, say), address or length.
    case remoteAccess
    /// The partner could not do the work.
    case remoteOperation
    /// The partner did not acknowledge in spite of all retries: cut off, or its kernel is dead.
    case retryExceeded
    /// The partner had no receive posted in spite of all retries.
    case receiverNotReady
    /// Not used by this kind of connection.
    case localDomainViolation
    /// Not used by this kind of connection.
    case remoteInvalidDatagramRequest
    /// The partner aborted the work.
    case remoteAbort
    /// Not used by this kind of connection.
    case invalidEndToEndContext
    /// Not used by this kind of connection.
    case invalidEndToEndContextState
    /// The device failed.
    case fatal
    /// The partner's response timed out.
    case responseTimeout
    /// The transport failed in some other way.
    case general
    /// Not used by this module.
    case tagMatching
    /// Not used by this module.
    case tagMatchingIncomplete
    /// A status that this module does not know.
    case unknown(UInt32)

    /// The status with that number in `verbs.h`.
    init(_ status: ibv_wc_status) {
        self =
            switch status {
            case IBV_WC_SUCCESS: .success
            case IBV_WC_LOC_LEN_ERR: .localLength
            case IBV_WC_LOC_QP_OP_ERR: .localQueuePairOperation
            case IBV_WC_LOC_EEC_OP_ERR: .localEndToEndContextOperation
            case IBV_WC_LOC_PROT_ERR: .localProtection
            case IBV_WC_WR_FLUSH_ERR: .flushed
            case IBV_WC_MW_BIND_ERR: .memoryWindowBind
            case IBV_WC_BAD_RESP_ERR: .badResponse
            case IBV_WC_LOC_ACCESS_ERR: .localAccess
            case IBV_WC_REM_INV_REQ_ERR: .remoteInvalidRequest
            case IBV_WC_REM_ACCESS_ERR: .remoteAccess
            case IBV_WC_REM_OP_ERR: .remoteOperation
            case IBV_WC_RETRY_EXC_ERR: .retryExceeded
            case IBV_WC_RNR_RETRY_EXC_ERR: .receiverNotReady
            case IBV_WC_LOC_RDD_VIOL_ERR: .localDomainViolation
            case IBV_WC_REM_INV_RD_REQ_ERR: .remoteInvalidDatagramRequest
            case IBV_WC_REM_ABORT_ERR: .remoteAbort
            case IBV_WC_INV_EECN_ERR: .invalidEndToEndContext
            case IBV_WC_INV_EEC_STATE_ERR: .invalidEndToEndContextState
            case IBV_WC_FATAL_ERR: .fatal
            case IBV_WC_RESP_TIMEOUT_ERR: .responseTimeout
            case IBV_WC_GENERAL_ERR: .general
            case IBV_WC_TM_ERR: .tagMatching
            case IBV_WC_TM_RNDV_INCOMPLETE: .tagMatchingIncomplete
            default: .unknown(status.rawValue)
            }
    }

    /// The number in `verbs.h`, as other tools print it.
    public var rawValue: UInt32 {
        switch self {
        case .success: IBV_WC_SUCCESS.rawValue
        case .localLength: IBV_WC_LOC_LEN_ERR.rawValue
        case .localQueuePairOperation: IBV_WC_LOC_QP_OP_ERR.rawValue
        case .localEndToEndContextOperation: IBV_WC_LOC_EEC_OP_ERR.rawValue
        case .localProtection: IBV_WC_LOC_PROT_ERR.rawValue
        case .flushed: IBV_WC_WR_FLUSH_ERR.rawValue
        case .memoryWindowBind: IBV_WC_MW_BIND_ERR.rawValue
        case .badResponse: IBV_WC_BAD_RESP_ERR.rawValue
        case .localAccess: IBV_WC_LOC_ACCESS_ERR.rawValue
        case .remoteInvalidRequest: IBV_WC_REM_INV_REQ_ERR.rawValue
        case .remoteAccess: IBV_WC_REM_ACCESS_ERR.rawValue
        case .remoteOperation: IBV_WC_REM_OP_ERR.rawValue
        case .retryExceeded: IBV_WC_RETRY_EXC_ERR.rawValue
        case .receiverNotReady: IBV_WC_RNR_RETRY_EXC_ERR.rawValue
        case .localDomainViolation: IBV_WC_LOC_RDD_VIOL_ERR.rawValue
        case .remoteInvalidDatagramRequest: IBV_WC_REM_INV_RD_REQ_ERR.rawValue
        case .remoteAbort: IBV_WC_REM_ABORT_ERR.rawValue
        case .invalidEndToEndContext: IBV_WC_INV_EECN_ERR.rawValue
        case .invalidEndToEndContextState: IBV_WC_INV_EEC_STATE_ERR.rawValue
        case .fatal: IBV_WC_FATAL_ERR.rawValue
        case .responseTimeout: IBV_WC_RESP_TIMEOUT_ERR.rawValue
        case .general: IBV_WC_GENERAL_ERR.rawValue
        case .tagMatching: IBV_WC_TM_ERR.rawValue
        case .tagMatchingIncomplete: IBV_WC_TM_RNDV_INCOMPLETE.rawValue
        case .unknown(let number): number
        }
    }
}

extension WorkCompletionStatus: CustomStringConvertible {
    /// A few words and the number: `flushed, because the queue pair is in its error state (5)`.
    public var description: String { "\(text) (\(rawValue))" }

    private var text: String {
        switch self {
        case .success: "success"
        case .localLength:
            "a message was longer than the receive posted for it, or the work longer than allowed"
        case .localQueuePairOperation: "this side's queue pair could not do the work"
        case .localEndToEndContextOperation: "this side's end-to-end context could not do the work"
        case .localProtection: "the local memory is not registered for this"
        case .flushed: "flushed, because the queue pair is in its error state"
        case .memoryWindowBind: "a memory window could not be bound"
        case .badResponse: "the partner's answer was not understood"
        case .localAccess: "the partner's message hit local memory that may not be written"
        case .remoteInvalidRequest: "the partner refused the message as invalid"
        case .remoteAccess: "the partner's memory is not open for this: wrong key, address or length"
        case .remoteOperation: "the partner could not do the work"
        case .retryExceeded: "the partner did not acknowledge in spite of all retries"
        case .receiverNotReady: "the partner had no receive posted in spite of all retries"
        case .localDomainViolation: "the reliable datagram domains do not match"
        case .remoteInvalidDatagramRequest: "the partner refused a reliable datagram"
        case .remoteAbort: "the partner aborted the work"
        case .invalidEndToEndContext: "the end-to-end context is invalid"
        case .invalidEndToEndContextState: "the end-to-end context is in no state for this"
        case .fatal: "the device failed"
        case .responseTimeout: "the partner's response timed out"
        case .general: "the transport failed"
        case .tagMatching: "tag matching failed"
        case .tagMatchingIncomplete: "tag matching ended incomplete"
        case .unknown: "unknown status"
        }
    }
}
