/// One half of the mailbox: what the partner wrote with write 1 (its greeting) or write 2 (its confirmation).
///
/// The greeting lies at byte 0 of the mailbox, the confirmation at byte 32, each in this form:
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMG` (greeting) or `CCMC` (confirmation) |
/// | 4 | layout version, 16 bits |
/// | 6 | zero, 16 bits |
/// | 8 | the writer's incarnation |
/// | 16 | the reader's incarnation, as the writer read it |
/// | 24 | zero, 32 bits |
/// | 28 | CRC-32C of bytes 0 to 27 |
public struct MailboxSlot: Hashable, Sendable {
    /// Which of the two writes a slot is for.
    public enum Kind: UInt8, CaseIterable, Sendable {
        /// Write 1.
        case greeting
        /// Write 2.
        case confirmation

        /// Where the slot begins in the mailbox, in bytes.
        public var offset: Int { self == .greeting ? 0 : 32 }

        var magicNumber: UInt32 {
            self == .greeting ? magic("C", "C", "M", "G") : magic("C", "C", "M", "C")
        }
    }

    /// The slot as it lies in memory.
    public typealias Words = InlineArray<4, UInt64>

    static let layoutVersion: UInt16 = 1

    /// Which write this is.
    public let kind: Kind
    /// The incarnation that wrote it.
    public let writer: Incarnation
    /// The incarnation it is meant for.
    public let reader: Incarnation

    /// A slot of this kind, for this pair of incarnations.
    public init(kind: Kind, writer: Incarnation, reader: Incarnation) {
        self.kind = kind
        self.writer = writer
        self.reader = reader
    }

    /// The slot as it lies in memory, checksum included.
    public var words: Words {
        var words: Words = InlineArray(repeating: 0)
        words[0] = UInt64(kind.magicNumber) | UInt64(Self.layoutVersion) << 32
        words[1] = writer.value
        words[2] = reader.value
        seal(&words)
        return words
    }

    /// Reads the slot of this kind out of the mailbox; trusts nothing of it.
    public init(_ kind: Kind, in mailbox: Mailbox) throws(WireError) {
        let first = kind.offset / 8
        let words: Words = [mailbox[first], mailbox[first + 1], mailbox[first + 2], mailbox[first + 3]]
        guard lowHalf(words[0]) == kind.magicNumber else { throw .badMagic }
        guard isWhole(words) else { throw .badChecksum }
        guard field16(words[0], byte: 4) == Self.layoutVersion else { throw .unknownVersion }
        self.init(kind: kind, writer: Incarnation(value: words[1]), reader: Incarnation(value: words[2]))
    }
}

/// The 64 bytes that the partner may write, at `PresetAddress.mailbox`, as they lie in memory.
public typealias Mailbox = InlineArray<8, UInt64>
