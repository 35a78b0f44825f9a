/// A recording: all that a connection manager was told in its life, and what it wanted done about it.
///
/// All integers are little-endian. A file is a head, then blocks:
///
/// | byte | field |
/// | --- | --- |
/// | 0 | magic `CCMREC` |
/// | 6 | layout version, 16 bits |
/// | 8 | blocks |
///
/// A block is what was written at one time, so that a recording which was cut off is short of the last block alone:
///
/// | byte | field |
/// | --- | --- |
/// | 0 | length of the frames, 32 bits |
/// | 4 | CRC-32C of the frames |
/// | 8 | CRC-32C of bytes 0 to 7 |
/// | 12 | frames |
///
/// A frame begins with its kind, 8 bits. The first one is the start, and the only one of its kind; events follow. An end
/// is the last one, and is missing where the process was killed:
///
/// | kind | then |
/// | --- | --- |
/// | 1, the start | instant, seed, incarnation, 64 bits each; the settings |
/// | 2, an event | its instant, 64 bits; the event; number of actions, 32 bits; the actions |
/// | 3, the end | number of events, 64 bits |
///
/// Events and actions begin with their kind, 8 bits, and hold their values in the order of their declaration: integers,
/// enumerations by their raw value, blocks of memory word by word, names with their length before them (8 bits), other
/// texts with theirs (16 bits), lists with their count (32 bits), and before what may be missing 1 (there) or 0.
package enum RecordingFormat {
    /// The layout that is written, and the only one that is read.
    package static let version: UInt16 = 1

    /// What the file of a recording is called behind the dot.
    package static let fileExtension = "ccmrec"

    static let magic: [UInt8] = Array("CCMREC".utf8)
    static let headByteCount = 8
    static let blockHeaderByteCount = 12

    /// What a frame holds.
    enum Frame: UInt8 {
        case start = 1
        case event = 2
        case end = 3
    }
}
