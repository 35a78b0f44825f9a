import ClusterConnection

/// Why a recording cannot be read, or not to its end. Nothing behind the place is used.
package struct RecordingError: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Problem: Hashable, Sendable {
        /// It does not begin as recordings do.
        case noRecording
        /// The layout is another one than this program reads.
        case unknownVersion(UInt16)
        /// It ends before the settings: the manager's life is not in it.
        case noStart
        /// A checksum does not fit.
        case damaged
        /// A frame of a kind that this program does not know.
        case unknownFrame(UInt8)
        /// An event of a kind that this program does not know.
        case unknownEvent(UInt8)
        /// An action of a kind that this program does not know.
        case unknownAction(UInt8)
        /// A value is none that its field can have.
        case badValue(WireError)
        /// It goes on behind its end.
        case behindTheEnd
        /// The end tells of another number of events than there are.
        case wrongCount(told: UInt64, found: UInt64)
    }

    /// What is wrong.
    package let problem: Problem
    /// Where, in bytes from the beginning of the file.
    package let offset: Int
}

extension RecordingError: CustomStringConvertible {
    /// What is wrong, where, and what to do about it.
    package var description: String {
        let text =
            switch problem {
            case .noRecording: "this is no recording: expected a file that begins with CCMREC"
            case .unknownVersion(let version):
                "layout version \(version), and this program reads \(RecordingFormat.version): "
                    + "replay it with the program that recorded it"
            case .noStart: "it ends before the manager's settings: the process was killed at its start"
            case .damaged: "the checksum does not fit: the file was changed after it had been written"
            case .unknownFrame(let kind): "a frame of the unknown kind \(kind)" + Self.newer
            case .unknownEvent(let kind): "an event of the unknown kind \(kind)" + Self.newer
            case .unknownAction(let kind): "an action of the unknown kind \(kind)" + Self.newer
            case .badValue(let error): "a value that its field cannot have (\(error.name))" + Self.newer
            case .behindTheEnd: "it goes on behind its end"
            case .wrongCount(let told, let found):
                "the end tells of \(told) events, and \(found) are there: a part is missing"
            }
        return "byte \(offset): \(text)"
    }

    private static let newer = ": recorded by another version; replay it with the program that recorded it"
}
