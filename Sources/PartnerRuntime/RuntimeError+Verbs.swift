import Glibc
import Verbs

extension RuntimeError {
    /// Why the boot port could not be opened, in terms of the configuration.
    init(_ error: VerbsError, opening rail: Configuration.Rail) {
        let place = "rail.address \(rail.address), rail.bootPort \(rail.bootPort)"
        let advice =
            switch error.errno {
            case EADDRNOTAVAIL, ENODEV:
                "no RDMA device has this address: check “ip address”, “rdma link” and rail.address"
            case EADDRINUSE:
                "the port is taken: stop the other CCM there, or set another rail.bootPort on both sides"
            case ENOMEM:
                "the memory lock limit is too low: raise it (ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK"
            case ENOENT, ENOSYS:
                "this kernel offers no RDMA connections here: load rdma_ucm and ib_uverbs"
            default:
                error.advice ?? "see the manual page of \(error.call)"
            }
        self.init("cannot open the boot port (\(place)): \(error); \(advice)")
    }
}
