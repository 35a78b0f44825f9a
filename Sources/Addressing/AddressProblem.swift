/// Why a text names no end of a rail; completes a sentence that begins with the text.
public struct AddressProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what is expected instead.
    public let description: String

    init(_ description: String) { self.description = description }
}
