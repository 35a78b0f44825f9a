import ClusterConnection
import Verbs

/// Where the messages of a rail's connection lie: as many receives as the partner may send ahead, and as many
/// sends. One connection at a time uses them, because one is retired before the next is made.
final class MessageBuffers {
    private let memory: RegisteredMemory
    private var nextSend = 0

    /// As many messages as may be under way in each direction.
    static let count = Int(ConnectionManager.messageWindow)

    init(in domain: borrowing ProtectionDomain) throws(VerbsError) {
        memory = try RegisteredMemory(
            byteCount: 2 * Self.count * Message.capacity, access: [.localWrite], in: domain)
    }

    /// Offers the receive of this slot.
    func postReceive<Poster: WorkPosting & ~Copyable>(
        _ slot: Int, to poster: borrowing Poster, workRequest: UInt64
    ) throws(VerbsError) {
        try poster.postReceive(
            into: memory, offset: slot * Message.capacity, byteCount: Message.capacity,
            workRequest: workRequest)
    }

    /// Sends a message out of the slot that has been free for longest.
    func postSend<Poster: WorkPosting & ~Copyable>(
        _ bytes: [UInt8], to poster: borrowing Poster, workRequest: UInt64
    ) throws(VerbsError) {
        let offset = (Self.count + nextSend) * Message.capacity
        try memory.write(bytes.span.bytes, at: offset)
        try poster.postSend(
            from: memory, offset: offset, byteCount: bytes.count, workRequest: workRequest)
        nextSend = (nextSend + 1) % Self.count
    }

    /// The message in a receive's slot.
    func message(_ slot: Int, byteCount: Int) -> [UInt8] {
        memory.withBytes { bytes in
            let offset = slot * Message.capacity
            return (0..<min(byteCount, Message.capacity)).map {
                bytes.unsafeLoad(fromByteOffset: offset + $0, as: UInt8.self)
            }
        }
    }
}
