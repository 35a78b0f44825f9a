import CRDMA
import Glibc

/// Reading and naming errno(3).
///
/// The conventions beneath differ, and each call goes through the helper of its own: most of librdmacm returns
/// -1 and sets errno (`check`), most of libibverbs returns the number itself (`checkReturned`), constructors
/// return a null pointer and set errno (`checkPointer`).
///
/// Interruption: calls that fetch something (connection event, completion event, asynchronous event) are
/// repeated on `EINTR`, because nothing was fetched. All others report it like any other error: whether they
/// took effect is not known, and none of them is known to be interruptible.
enum ErrorNumber {
    /// The error number of the C call that was made immediately before. Nothing else in this module reads it.
    static var last: Int32 { Glibc.errno }

    /// Throws what errno says unless `result` is 0.
    static func check(
        _ call: StaticString, _ result: Int32, _ detail: @autoclosure () -> String? = nil
    ) throws(VerbsError) {
        if result == 0 { return }
        let number = last
        throw VerbsError(call: call, errno: number, detail: detail())
    }

    /// Throws `result` itself, an error number, unless it is 0.
    static func checkReturned(
        _ call: StaticString, _ result: Int32, _ detail: @autoclosure () -> String? = nil
    ) throws(VerbsError) {
        if result == 0 { return }
        // -1 is what some providers return in spite of the manual page; errno is right then.
        let number = result > 0 ? result : result == -1 ? last : -result
        throw VerbsError(call: call, errno: number, detail: detail())
    }

    /// The pointer, or what errno says when there is none.
    static func checkPointer<Pointee>(
        _ call: StaticString, _ pointer: UnsafeMutablePointer<Pointee>?,
        _ detail: @autoclosure () -> String? = nil
    ) throws(VerbsError) -> UnsafeMutablePointer<Pointee> {
        if let pointer { return pointer }
        let number = last
        throw VerbsError(call: call, errno: number, detail: detail())
    }

    /// Makes a descriptor non-blocking (fcntl(2)).
    static func makeNonblocking(_ descriptor: Int32) throws(VerbsError) {
        let flags = fcntl(descriptor, F_GETFL)
        if flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 {
            let number = last
            throw VerbsError(call: "fcntl", errno: number, detail: "descriptor \(descriptor)")
        }
    }

    /// The symbolic name, `EINVAL`; the bare number for one that has none here.
    static func name(_ number: Int32) -> String {
        guard let name = ccm_error_name(number) else { return "error \(number)" }
        return String(cString: name)
    }

    /// The text of the C library, untranslated.
    static func text(_ number: Int32) -> String {
        guard let text = ccm_error_text(number) else { return "unknown" }
        return String(cString: text)
    }
}
