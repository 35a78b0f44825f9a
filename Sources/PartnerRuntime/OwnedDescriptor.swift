import Glibc

/// A file descriptor with one owner, closed when the owner goes.
struct OwnedDescriptor: ~Copyable {
    let number: Int32

    /// Takes over what `call` returned; throws when it is no descriptor.
    init(_ number: Int32, call: String, subject: String) throws(RuntimeError) {
        guard number >= 0 else { throw RuntimeError(call: call, subject: subject, errno: errno) }
        self.number = number
    }

    deinit { Glibc.close(number) }
}
