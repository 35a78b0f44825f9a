import Glibc
import Testing

@testable import Verbs

@Suite("Errors")
struct VerbsErrorTests {
    @Test("The text has the call, what it concerned, the error's name and its meaning")
    func text() {
        let error = VerbsError(call: "rdma_listen", errno: EINVAL, detail: "10.77.0.1:17320")
        #expect(error.description == "rdma_listen 10.77.0.1:17320: EINVAL (Invalid argument)")
    }

    @Test("A number without a name is printed as such")
    func unknownNumber() {
        #expect(
            VerbsError(call: "ibv_post_send", errno: 4000).description
                == "ibv_post_send: error 4000 (unknown)")
    }

    @Test(
        "The usual errors say what to do",
        arguments: [
            ("rdma_create_event_channel", ENOENT, "rdma_ucm"),
            ("rdma_create_event_channel", EPERM, "/dev/infiniband/rdma_cm"),
            ("rdma_create_event_channel", EACCES, "/dev/infiniband/rdma_cm"),
            ("rdma_create_event_channel", ENODEV, "rdma link add"),
            ("rdma_bind_addr", ENODEV, "rdma link"),
            ("rdma_bind_addr", EADDRNOTAVAIL, "ip address"),
            ("rdma_bind_addr", EADDRINUSE, "rdma resource show cm_id"),
            ("rdma_resolve_addr", ENETUNREACH, "ip route get"),
            ("ibv_reg_mr", ENOMEM, "CAP_IPC_LOCK"),
            ("mlock", EPERM, "ulimit -l"),
            ("mlock", ENOMEM, "ulimit -l"),
            ("mmap", EEXIST, "another preset address"),
            ("ibv_get_device_list", ENOSYS, "ib_uverbs"),
            ("ibv_post_send", ENOMEM, "poll completions"),
            ("ibv_post_recv", ENOMEM, "poll completions"),
            ("ibv_create_qp", ENOMEM, "rdma resource show"),
            ("ibv_modify_qp", ETIMEDOUT, "ip neighbour"),
            ("rdma_init_qp_attr", ENOTCONN, "wait for `established`"),
            ("rdma_init_qp_attr", EINVAL, "wait for `established`"),
        ] as [(String, Int32, String)])
    func advice(call: String, number: Int32, hint: String) throws {
        let error = VerbsError(call: try staticString(call), errno: number)
        #expect(error.advice?.contains(hint) == true)
        #expect(error.description.hasSuffix(try #require(error.advice)))
    }

    @Test("A queue that is full is told apart from every other error")
    func queueFull() {
        #expect(VerbsError(call: "ibv_post_send", errno: ENOMEM).isQueueFull)
        #expect(VerbsError(call: "ibv_post_recv", errno: ENOMEM).isQueueFull)
        #expect(!VerbsError(call: "ibv_post_send", errno: EINVAL).isQueueFull)
        #expect(!VerbsError(call: "ibv_reg_mr", errno: ENOMEM).isQueueFull)
        #expect(!VerbsError(call: "ibv_post_sent", errno: ENOMEM).isQueueFull)
    }

    @Test("Advice about locked memory is not given to other calls")
    func noAdvice() {
        #expect(VerbsError(call: "rdma_connect", errno: ENOMEM).advice == nil)
        #expect(VerbsError(call: "rdma_listen", errno: EPERM).advice == nil)
    }

    @Test("Calls that set errno and calls that return it are both understood")
    func conventions() {
        #expect(throws: VerbsError(call: "rdma_bind_addr", errno: EADDRINUSE, detail: nil)) {
            errno = EADDRINUSE
            try ErrorNumber.check("rdma_bind_addr", -1)
        }
        #expect(throws: VerbsError(call: "ibv_destroy_cq", errno: EBUSY, detail: nil)) {
            try ErrorNumber.checkReturned("ibv_destroy_cq", EBUSY)
        }
        #expect(throws: VerbsError(call: "ibv_query_port", errno: ENODEV, detail: nil)) {
            try ErrorNumber.checkReturned("ibv_query_port", -ENODEV)
        }
        #expect(throws: Never.self) {
            try ErrorNumber.check("rdma_bind_addr", 0)
            try ErrorNumber.checkReturned("ibv_destroy_cq", 0)
        }
    }

    /// The calls above as literals, which is all that `VerbsError` takes.
    private func staticString(_ call: String) throws -> StaticString {
        let known: [StaticString] = [
            "rdma_create_event_channel", "rdma_bind_addr", "rdma_resolve_addr", "ibv_reg_mr", "mlock", "mmap",
            "ibv_get_device_list", "ibv_post_send", "ibv_post_recv", "ibv_create_qp", "ibv_modify_qp",
            "rdma_init_qp_attr",
        ]
        return try #require(known.first { $0.description == call })
    }
}
