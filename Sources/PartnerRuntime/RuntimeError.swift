import Glibc

/// Why a partner process cannot start or go on, in words that say what to do.
public struct RuntimeError: Error, CustomStringConvertible, Sendable {
    /// What happened and what mends it.
    public let description: String

    init(_ description: String) { self.description = description }

    /// The failure of a system call on `subject`, with the errno it left and what usually mends it.
    init(call: String, subject: String, errno number: Int32, advice: String? = nil) {
        var text = "\(call) \(subject): \(String(cString: strerror(number)))"
        if let advice { text += "; \(advice)" }
        description = text
    }
}
