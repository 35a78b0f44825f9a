import ClusterConnection

/// Puts a recording together, block by block, in memory that it takes once. See `RecordingFormat` for the layout.
package struct RecordingWriter: ~Copyable {
    private var writer = MessageWriter(capacity: Self.capacity)
    /// Where the block that is being filled begins: behind the head in the first one.
    private var blockStart = 0
    private var events: UInt64 = 0

    /// A block that has grown so large should be taken before anything is added to it.
    private static let amplyFilled = 64 << 10
    /// What an event adds is less than this, unless its tables are larger than a message can be.
    private static let capacity = amplyFilled + (64 << 10)

    /// The recording of a life that begins so.
    package init(_ start: RecordedStart) {
        RecordingFormat.magic.withUnsafeBytes { writer.append($0) }
        writer.append(RecordingFormat.version)
        blockStart = writer.bytes.count
        beginBlock()
        writer.append(RecordingFormat.Frame.start)
        writer.append(start.instant)
        writer.append(start.seed)
        writer.append(start.incarnation)
        writer.append(start.settings)
    }

    /// Whether nothing waits to be taken.
    package var isEmpty: Bool { writer.bytes.count <= blockStart + RecordingFormat.blockHeaderByteCount }

    /// Whether what waits should be taken now.
    package var isAmplyFilled: Bool { writer.bytes.count >= Self.amplyFilled }

    /// Adds an event and what the manager wanted done about it.
    package mutating func note(_ event: Event, at instant: Instant, _ actions: some Collection<Action>) {
        writer.append(RecordingFormat.Frame.event)
        writer.append(instant)
        writer.append(event)
        writer.append(UInt32(truncatingIfNeeded: actions.count))
        for action in actions { writer.append(action) }
        events += 1
    }

    /// Adds the end: nothing of this life is missing.
    package mutating func end() {
        writer.append(RecordingFormat.Frame.end)
        writer.append(events)
    }

    /// Hands over what waits as a whole block, and begins the next one.
    package mutating func takeBlock<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let frames = blockStart + RecordingFormat.blockHeaderByteCount
        writer.put(UInt32(truncatingIfNeeded: writer.bytes.count - frames), at: blockStart)
        writer.put(writer.checksum(frames..<writer.bytes.count), at: blockStart + 4)
        writer.put(writer.checksum(blockStart..<blockStart + 8), at: blockStart + 8)
        let result = writer.bytes.withUnsafeBytes(body)
        writer.removeAll()
        blockStart = 0
        beginBlock()
        return result
    }

    private mutating func beginBlock() {
        for _ in 0..<RecordingFormat.blockHeaderByteCount { writer.append(UInt8(0)) }
    }
}

extension MessageWriter {
    fileprivate func checksum(_ range: Range<Int>) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes.span.extracting(range).bytes)
        return crc.checksum
    }
}
