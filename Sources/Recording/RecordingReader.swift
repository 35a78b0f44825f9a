import ClusterConnection

/// Reads a recording, event by event; trusts nothing of it.
package struct RecordingReader {
    /// How a recording ends that was read to its end.
    package enum Ending: Hashable, Sendable {
        /// With its end: nothing is missing.
        case whole
        /// Without: the process was killed, or the file was cut off. So many bytes behind the last whole block are
        /// left.
        case cut(remainder: Int)
    }

    private let bytes: [UInt8]
    /// The rest of the present block.
    private var block: MessageReader
    /// Where the next block begins.
    private var nextBlock: Int
    private var events: UInt64 = 0
    /// What the manager was told at its start.
    package private(set) var start: RecordedStart
    /// How it ends; nil while there may be more.
    package private(set) var ending: Ending?

    /// Reads up to the first event.
    package init(_ bytes: [UInt8]) throws(RecordingError) {
        let head = RecordingFormat.headByteCount
        guard bytes.count >= head, bytes.starts(with: RecordingFormat.magic) else {
            throw RecordingError(problem: .noRecording, offset: 0)
        }
        let version = UInt16(bytes[6]) | UInt16(bytes[7]) << 8
        guard version == RecordingFormat.version else {
            throw RecordingError(problem: .unknownVersion(version), offset: 6)
        }
        guard let first = try Self.block(in: bytes, at: head) else {
            throw RecordingError(problem: .noStart, offset: bytes.count)
        }
        var block = MessageReader(bytes, first)
        start = try Self.located(&block, unknown: { .unknownFrame($0) }) { reader throws(WireError) in
            guard try reader.byte() == RecordingFormat.Frame.start.rawValue else { throw .unknownKind }
            let instant = try reader.instant()
            let seed = try reader.long()
            let incarnation = try reader.incarnation()
            return RecordedStart(
                settings: try reader.settings(), incarnation: incarnation, seed: seed, at: instant)
        }
        self.bytes = bytes
        self.block = block
        nextBlock = first.upperBound
    }

    /// The next event; nil at the end, which `ending` then tells more of.
    package mutating func next() throws(RecordingError) -> RecordedStep? {
        while ending == nil {
            if block.remaining > 0 { return try step() }
            guard let following = try Self.block(in: bytes, at: nextBlock) else {
                ending = .cut(remainder: bytes.count - nextBlock)
                return nil
            }
            block = MessageReader(bytes, following)
            nextBlock = following.upperBound
        }
        return nil
    }

    private mutating func step() throws(RecordingError) -> RecordedStep? {
        let offset = block.offset
        let frame = try Self.located(&block, unknown: { .unknownFrame($0) }) { reader throws(WireError) in
            guard let frame = RecordingFormat.Frame(rawValue: try reader.byte()), frame != .start else {
                throw .unknownKind
            }
            return frame
        }
        if frame == .end {
            try readEnd(at: offset)
            return nil
        }
        let (instant, event) = try Self.located(&block, unknown: { .unknownEvent($0) }) {
            reader throws(WireError) in (try reader.instant(), try reader.event())
        }
        var actions: [RecordedStep.Entry] = []
        let count = try Self.located(&block, unknown: { .unknownAction($0) }) {
            reader throws(WireError) in
            let count = try reader.word()
            guard Int(count) <= reader.remaining else { throw .tooShort }
            return count
        }
        for _ in 0..<count {
            let begin = block.offset
            let action = try Self.located(&block, unknown: { .unknownAction($0) }) {
                reader throws(WireError) in try reader.action()
            }
            actions.append(RecordedStep.Entry(action: action, bytes: bytes[begin..<block.offset]))
        }
        events += 1
        return RecordedStep(
            number: events, offset: offset, instant: instant, event: event, actions: actions)
    }

    private mutating func readEnd(at offset: Int) throws(RecordingError) {
        let told = try Self.located(&block, unknown: { .unknownFrame($0) }) { reader throws(WireError) in
            try reader.long()
        }
        guard told == events else {
            throw RecordingError(problem: .wrongCount(told: told, found: events), offset: offset)
        }
        guard block.remaining == 0, nextBlock == bytes.count else {
            throw RecordingError(problem: .behindTheEnd, offset: block.offset)
        }
        ending = .whole
    }

    /// The frames of the block that begins here; nil where less than a whole block is left.
    private static func block(in bytes: [UInt8], at offset: Int) throws(RecordingError) -> Range<Int>? {
        let header = RecordingFormat.blockHeaderByteCount
        guard bytes.count - offset >= header else { return nil }
        var reader = MessageReader(bytes, offset..<offset + header)
        let (length, checksum, own) = try located(&reader, unknown: { .unknownFrame($0) }) {
            reader throws(WireError) in (Int(try reader.word()), try reader.word(), try reader.word())
        }
        guard own == Self.checksum(of: bytes, offset..<offset + 8) else {
            throw RecordingError(problem: .damaged, offset: offset)
        }
        let first = offset + header
        guard length <= bytes.count - first else { return nil }
        guard checksum == Self.checksum(of: bytes, first..<first + length) else {
            throw RecordingError(problem: .damaged, offset: offset)
        }
        return first..<first + length
    }

    private static func checksum(of bytes: [UInt8], _ range: Range<Int>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.span.extracting(range).bytes)
        return crc.checksum
    }

    /// Reads, and tells of what cannot be read where it stands.
    private static func located<Value>(
        _ reader: inout MessageReader, unknown: (UInt8) -> RecordingError.Problem,
        _ read: (inout MessageReader) throws(WireError) -> Value
    ) throws(RecordingError) -> Value {
        do throws(WireError) {
            return try read(&reader)
        } catch {
            // What is unknown was read last.
            guard error == .unknownKind, let kind = reader.last else {
                throw RecordingError(problem: .badValue(error), offset: reader.offset)
            }
            throw RecordingError(problem: unknown(kind), offset: reader.offset - 1)
        }
    }
}

/// An event of a recording, with what the manager wanted done about it.
package struct RecordedStep: Sendable {
    /// An action.
    package struct Entry: Sendable {
        package let action: RecordedAction
        /// As it was recorded.
        package let bytes: ArraySlice<UInt8>
    }

    /// From 1.
    package let number: UInt64
    /// Where it stands, in bytes from the beginning of the file.
    package let offset: Int
    package let instant: Instant
    package let event: Event
    package let actions: [Entry]
}
