import Glibc

/// A call of libibverbs, librdmacm or the kernel beneath them failed, or was refused before it was made.
///
/// `call` and `errno` are for code to match (a caller accepts `EADDRINUSE` and nothing else, say);
/// `description` is for a person: the call, the error, what it concerned, and what usually helps.
public struct VerbsError: Error, Sendable {
    /// The C function, as its manual page names it: `rdma_bind_addr`.
    public let call: StaticString
    /// The error number (errno(3)). Refusals of this module carry `EINVAL`, `EMSGSIZE` or `EBUSY`.
    public let errno: Int32
    /// What the call was about: an address, a device, the limit that was passed.
    public let detail: String?

    /// An error of `call` with the error number `errno`.
    public init(call: StaticString, errno: Int32, detail: String? = nil) {
        self.call = call
        self.errno = errno
        self.detail = detail
    }
}

extension VerbsError {
    /// Whether nothing is wrong but the pace: the queue pair has as much work under way as it takes. Poll
    /// completions, then post again.
    public var isQueueFull: Bool {
        errno == ENOMEM && (isOf("ibv_post_send") || isOf("ibv_post_recv"))
    }

    /// Whether that call failed. Makes no strings, which might allocate.
    private func isOf(_ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        return call.utf8CodeUnitCount == count && memcmp(call.utf8Start, name.utf8Start, count) == 0
    }
}

extension VerbsError: Equatable {
    /// Two errors are equal when call, number and detail are.
    public static func == (lhs: VerbsError, rhs: VerbsError) -> Bool {
        lhs.errno == rhs.errno && lhs.detail == rhs.detail && lhs.isOf(rhs.call)
    }
}

extension VerbsError: CustomStringConvertible {
    /// One line: `rdma_bind_addr 10.77.0.9:17320: ENODEV (No such device). <what usually helps>`.
    public var description: String {
        var text = call.description
        if let detail { text += " \(detail)" }
        text += ": \(ErrorNumber.name(errno)) (\(ErrorNumber.text(errno)))"
        if let advice { text += ". \(advice)" }
        return text
    }

    /// What usually helps against this error; nil when there is nothing to say that the number does not.
    public var advice: String? {
        let call = call.description
        switch errno {
        case ENODEV where call == "rdma_create_event_channel" || call == "rdma_create_id":
            return "This system shows no RDMA device: add one (rdma link add rxe0 type rxe netdev eth0) and "
                + "see that ib_uverbs and rdma_ucm are loaded"
        case ENODEV where call.hasPrefix("rdma_"):
            return
                "No RDMA device carries that address: compare `ip address` with `rdma link`, and mind that "
                + "a new device needs a moment until its GIDs appear"
        case EADDRNOTAVAIL:
            return "No network interface of this network namespace has that address: see `ip address`"
        case EADDRINUSE:
            return "Another identifier holds that port: see `rdma resource show cm_id`"
        case EEXIST where call == "mmap":
            return "Something else is mapped there: choose another preset address, or claim it earlier"
        case ENOMEM where call == "mlock" || call == "ibv_reg_mr", EAGAIN where call == "mlock":
            return "Out of memory, or over the limit of locked memory: see `ulimit -l`, or grant CAP_IPC_LOCK"
        case ENOMEM where isQueueFull:
            return "The queue pair has as much work under way as it takes: poll completions, then post again"
        case ENOMEM where call == "ibv_create_qp" || call == "rdma_create_qp" || call == "ibv_create_cq":
            return "The device has no room for it: see its limits (`ibv_devinfo -v`) and what others hold "
                + "(`rdma resource show`)"
        case ETIMEDOUT where call == "ibv_modify_qp":
            return "The partner's address did not answer: see `ip neighbour`"
        case EINVAL where call == "rdma_init_qp_attr", ENOTCONN where call == "rdma_init_qp_attr":
            return "Only an established connection has a path: wait for `established`, or connect again"
        case EPERM where call == "mlock" || call == "ibv_reg_mr":
            return "Locking memory is not permitted: raise `ulimit -l`, or grant CAP_IPC_LOCK"
        case ENOENT where call == "rdma_create_event_channel":
            return "/dev/infiniband/rdma_cm is missing: load rdma_ucm"
        case ENOSYS where call == "ibv_get_device_list":
            return "The kernel has no RDMA user access: load ib_uverbs"
        case EACCES where call == "rdma_create_event_channel",
            EPERM where call == "rdma_create_event_channel":
            return "/dev/infiniband/rdma_cm cannot be used: check its permissions and that rdma_ucm is loaded"
        case ENETUNREACH, EHOSTUNREACH:
            return "No route to that address from this network namespace: see `ip route get`"
        case EIO:
            return "The device is gone or broken: see `rdma link` and the kernel log"
        default:
            return nil
        }
    }
}
