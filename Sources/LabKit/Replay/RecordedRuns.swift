import ClusterConnection
import Glibc
import Recording

/// The recordings in run folders, one for each life of a partner: `recording-b2.ccmrec` is that of b's second boot.
package enum RecordedRuns {
    /// A life that was recorded, or should have been.
    package struct Life: Hashable, Sendable {
        /// The run's folder and the life, as they are shown: `freeze-b-and-thaw a1`.
        package var name: String
        /// Where its recording is.
        package var path: String
        /// Whether it came as far as to say so: a process can be killed before its first instruction of its own.
        package var hasBegun = true
    }

    /// The files of a life: its configuration, its recording.
    private static let files = [
        (prefix: "config-", suffix: ".yaml"),
        (prefix: "recording-", suffix: ".\(RecordingFormat.fileExtension)"),
    ]

    /// The file with the configuration of a life, such as `a1`.
    static func configuration(of life: String) -> String { files[0].prefix + life + files[0].suffix }

    /// The file with its recording.
    static func recording(of life: String) -> String { files[1].prefix + life + files[1].suffix }

    /// The lives of a run folder and of all run folders below it, or the one of a recording.
    ///
    /// - Throws: `LabError` where there is none.
    package static func lives(at path: String) throws -> [Life] {
        guard Files.exists(path) else { throw LabError("there is no \(path): name a run folder") }
        guard Files.isFolder(path) else { return [Life(name: path, path: path)] }
        let lives = try lives(in: path, named: "")
        guard !lives.isEmpty else {
            throw LabError(
                "\(path) is no run folder with recordings, and there is none below it: expected one with "
                    + "\(recording(of: "a1")), as “ccmlab run” and “ccmlab soak” leave them on real verbs; runs in the "
                    + "simulator, of --speed and of “ccmlab bench” record nothing")
        }
        return lives
    }

    private static func lives(in folder: String, named name: String) throws -> [Life] {
        try Task.checkCancellation()
        let names = Files.names(in: folder)
        // A life was started with its configuration: where there is one, a recording is missing rather than none.
        let here = Set(names.compactMap { life(ofFile: $0) }).sorted {
            // The tenth life comes behind the second.
            ($0.prefix(1), $0.count, $0) < ($1.prefix(1), $1.count, $1)
        }
        let unbegun = unbegun(here, in: folder)
        var lives = here.map { life in
            Life(
                name: name.isEmpty ? life : "\(name) \(life)", path: "\(folder)/\(recording(of: life))",
                hasBegun: !unbegun.contains(life))
        }
        for below in names where Files.isFolder("\(folder)/\(below)") && !isLink("\(folder)/\(below)") {
            lives += try self.lives(
                in: "\(folder)/\(below)", named: name.isEmpty ? below : "\(name)/\(below)")
        }
        return lives
    }

    /// Those of a folder's lives that ended before they began. A life without a recording is one when its partner's history
    /// begins as often as there are recordings.
    private static func unbegun(_ lives: [String], in folder: String) -> Set<String> {
        var unbegun: Set<String> = []
        for partner in PartnerID.allCases {
            let own = lives.filter { $0.hasPrefix(partner.rawValue) }
            let unrecorded = own.filter { !Files.exists("\(folder)/\(recording(of: $0))") }
            guard !unrecorded.isEmpty,
                let history = Files.text(of: "\(folder)/history-\(partner.rawValue).jsonl")
            else { continue }
            let begun = history.split(separator: "\n").count {
                $0.contains("\"event\":\"\(EventName.started.rawValue)\"")
            }
            if begun == own.count - unrecorded.count { unbegun.formUnion(unrecorded) }
        }
        return unbegun
    }

    /// The life that a file is of; nil for another file.
    private static func life(ofFile name: String) -> String? {
        for file in files where name.hasPrefix(file.prefix) && name.hasSuffix(file.suffix) {
            let life = name.dropFirst(file.prefix.count).dropLast(file.suffix.count)
            if !life.isEmpty { return String(life) }
        }
        return nil
    }

    /// `runs/latest` is one of the folders beside it.
    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
