import ClusterConnection
import Verbs

/// What lies beneath a failure that the connection manager records, for the line about it.
struct FailureDetail {
    /// In words.
    private let text: String
    /// Its number, and what kind of number that is: `errno` (errno(3)), `cmStatus` (rdma_get_cm_event(3): why the
    /// transport refused), or `workStatus` (ibv_poll_cq(3)). Nil where there is none.
    private let number: (name: StaticString, value: UInt64)?

    /// A call that failed.
    init(_ error: VerbsError) {
        text = error.description
        number = ("errno", UInt64(error.errno.magnitude))
    }

    /// A connection event with a status other than zero. One below zero is an error number.
    init(_ event: borrowing ConnectionEvent) {
        text = "\(event.kind): \(event.statusDescription)"
        // -1 is of librdmacm itself, and no error number.
        number = (event.status < -1 ? "errno" : "cmStatus", UInt64(event.status.magnitude))
    }

    /// Work that ended badly.
    init(_ status: WorkCompletionStatus) {
        text = "\(status)"
        number = ("workStatus", UInt64(status.rawValue))
    }

    /// Adds it to a line.
    func describe(in line: inout JSONLine) {
        line.field("detail", text: text)
        if let number { line.field(number.name, number.value) }
    }
}
