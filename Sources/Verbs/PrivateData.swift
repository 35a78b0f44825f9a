import CRDMA
import Glibc

/// The bytes that travel with a connection request, its acceptance or its rejection, stored inline.
///
/// How many may be sent depends on the message, see `ConnectionParameters`. How many arrive is decided by the
/// transport: more than were sent is usual, and the rest is zero. A format inside must carry its own length.
public struct PrivateData: Sendable {
    /// The most that a connection event can bring: its length is counted in one byte.
    public static let capacity = 255

    private var storage = InlineArray<256, UInt8>(repeating: 0)
    /// How many bytes there are.
    public private(set) var count = 0

    /// No bytes at all.
    public init() {}

    /// A copy of `bytes`. Throws `EMSGSIZE` for more than `capacity`.
    public init(_ bytes: RawSpan) throws(VerbsError) {
        guard bytes.byteCount <= Self.capacity else {
            throw VerbsError(
                call: "rdma_conn_param", errno: EMSGSIZE,
                detail: "\(bytes.byteCount) bytes of private data, at most \(Self.capacity)")
        }
        bytes.withUnsafeBytes { copy($0) }
    }

    /// A copy of what an event carries.
    init(_ parameters: rdma_conn_param) {
        guard let start = parameters.private_data else { return }
        copy(UnsafeRawBufferPointer(start: start, count: Int(parameters.private_data_len)))
    }

    /// The bytes must be `capacity` at most.
    private mutating func copy(_ source: UnsafeRawBufferPointer) {
        guard source.baseAddress != nil else { return }
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: source) }
        count = source.count
    }

    /// Lends the bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(storage.span.bytes.extracting(0..<count))
    }

    /// Lends the bytes as C wants them. The pointer is good inside `body` only.
    func withUnsafePointer<Result>(_ body: (UnsafeRawPointer?, UInt8) -> Result) -> Result {
        withUnsafeBytes(of: storage) { body($0.baseAddress, UInt8(truncatingIfNeeded: count)) }
    }
}
