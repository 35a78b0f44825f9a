import Glibc

/// The counts and the timer that decide whether a dead partner is ever noticed.
enum Retries {
    /// Throws `EINVAL` for counts that never end, or that `call` does not know.
    static func check(
        _ count: UInt8, receiverNotReady: UInt8, for call: StaticString
    ) throws(VerbsError) {
        guard (1...6).contains(count) else {
            throw VerbsError(
                call: call, errno: EINVAL,
                detail: "retry count \(count), expected 1 to 6"
                    + (count == 7
                        ? ": Soft-RoCE takes 7 for `for ever`, and a dead partner is never noticed" : ""))
        }
        guard receiverNotReady <= 6 else {
            throw VerbsError(
                call: call, errno: EINVAL,
                detail: "receiver-not-ready retry count \(receiverNotReady), expected 0 to 6"
                    + (receiverNotReady == 7 ? ": 7 means to try for ever" : ""))
        }
    }

    /// Throws `EINVAL` for an exponent that `call` does not know, and for the one that means never.
    static func checkAcknowledgeTimeout(_ exponent: UInt8, for call: StaticString) throws(VerbsError) {
        guard (1...31).contains(exponent) else {
            throw VerbsError(
                call: call, errno: EINVAL,
                detail: "acknowledge timeout exponent \(exponent), expected 1 to 31"
                    + (exponent == 0 ? ": 0 switches the timer off, and a dead partner is never noticed" : "")
            )
        }
    }
}
