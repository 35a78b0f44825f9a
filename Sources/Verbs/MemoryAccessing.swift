import CRDMA
import Glibc

/// Bytes that a device may reach, and how this process reaches them.
///
/// Whole pages, zeroed, present from the start. No pointer into them leaves: look through the closures, or copy.
/// Memory that the partner writes, or that work in flight fills, changes under the hands of whoever looks: use
/// `loadWords` there, and a checksum inside.
///
/// An owner of one of these may conform too, by passing its `storage` on.
public protocol MemoryAccessing: ~Copyable {
    /// The bytes.
    var storage: MemoryStorage { get }
}

/// Bytes as those see them who share them. Says nothing and does nothing by itself: `MemoryAccessing` is what it
/// is for. Their pages stay mapped as long as there is one of these.
public struct MemoryStorage {
    let mapping: MemoryMapping
    /// As asked for; the mapping is whole pages.
    let byteCount: Int
}

extension MemoryAccessing where Self: ~Copyable {
    /// How many bytes there are, as asked for.
    public var byteCount: Int { storage.byteCount }

    /// Where they lie, in this process and for the partner.
    public var address: UInt64 { UInt64(UInt(bitPattern: storage.mapping.address)) }

    /// Lends the bytes to look at. Only while nothing else writes them.
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: storage.mapping.address, count: byteCount).bytes)
    }

    /// Lends the bytes to change. Only while nothing else reads or writes them.
    public mutating func withMutableBytes<Result, Failure: Error>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = UnsafeMutableRawBufferPointer(start: storage.mapping.address, count: byteCount)
            .mutableBytes
        return try body(&span)
    }

    /// Copies the bytes at `offset` to `bytes`. Only while nothing else writes them. Throws `EINVAL` unless they
    /// are within the memory.
    public borrowing func read(at offset: Int, into bytes: inout MutableRawSpan) throws(VerbsError) {
        let source = try place(at: offset, byteCount: bytes.byteCount)
        bytes.withUnsafeMutableBytes { target in
            target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: target.count))
        }
    }

    /// Copies `bytes` to `offset`. Only while nothing else reads or writes there. Throws `EINVAL` unless they
    /// are within the memory.
    public borrowing func write(_ bytes: RawSpan, at offset: Int) throws(VerbsError) {
        let target = try place(at: offset, byteCount: bytes.byteCount)
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: target, count: source.count).copyMemory(from: source)
        }
    }

    /// Copies `bytes` to `offset` while the partner may be reading: in whole 8-byte words, the lowest address
    /// first, each after everything stored before it.
    ///
    /// The words are whole in memory. How the partner's device cuts a read of several words is not promised by
    /// anyone: a record longer than one word needs a checksum. Throws `EINVAL` unless offset and length are
    /// multiples of 8 within the memory.
    public borrowing func storeWords(_ bytes: RawSpan, at offset: Int) throws(VerbsError) {
        let target = try words(at: offset, byteCount: bytes.byteCount)
        bytes.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            ccm_store_words(target, source, bytes.byteCount / 8)
        }
    }

    /// Copies the bytes at `offset` to `bytes` while the partner or work in flight may be writing them: in
    /// whole 8-byte words, the lowest address first. The same caveat and errors as `storeWords`.
    public borrowing func loadWords(at offset: Int, into bytes: inout MutableRawSpan) throws(VerbsError) {
        let count = bytes.byteCount
        let source = try words(at: offset, byteCount: count)
        bytes.withUnsafeMutableBytes { target in
            guard let target = target.baseAddress else { return }
            ccm_load_words(source, target, count / 8)
        }
    }

    /// Stores one 8-byte word, such as a counter, so that the partner reads the old value or the new one.
    public borrowing func storeWord(_ value: UInt64, at offset: Int) throws(VerbsError) {
        let target = try words(at: offset, byteCount: 8)
        withUnsafeBytes(of: value) { source in
            guard let source = source.baseAddress else { return }
            ccm_store_words(target, source, 1)
        }
    }

    /// Loads one 8-byte word that the partner may be writing: the old value or the new one.
    public borrowing func loadWord(at offset: Int) throws(VerbsError) -> UInt64 {
        let source = try words(at: offset, byteCount: 8)
        var value: UInt64 = 0
        ccm_load_words(source, &value, 1)
        return value
    }

    /// The place of whole words within the memory.
    private borrowing func words(at offset: Int, byteCount count: Int) throws(VerbsError)
        -> UnsafeMutableRawPointer
    {
        guard contains(offset, count), offset % 8 == 0, count % 8 == 0 else {
            throw VerbsError(
                call: "ccm_store_words", errno: EINVAL,
                detail: "\(count) bytes at \(offset) of \(byteCount), expected multiples of 8 within")
        }
        return storage.mapping.address + offset
    }

    /// Where so many bytes lie. Throws `EINVAL` for those that are not within.
    private borrowing func place(
        at offset: Int, byteCount count: Int
    ) throws(VerbsError) -> UnsafeMutableRawPointer {
        guard contains(offset, count) else {
            throw VerbsError(
                call: "memcpy", errno: EINVAL, detail: "\(count) bytes at \(offset) of \(byteCount)")
        }
        return storage.mapping.address + offset
    }

    borrowing func contains(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && count >= 0 && offset <= byteCount && count <= byteCount - offset
    }
}
