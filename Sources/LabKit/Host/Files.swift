import Foundation
import Glibc

/// A variable of the process's environment; nil when it is unset.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
}

/// Files, as the lab reads and writes them.
package enum Files {
    /// The folder for everything that can be made again, as the lab's scripts have it; nil where nothing names one.
    static var cacheFolder: String? {
        environmentValue("CCM_LAB_CACHE") ?? environmentValue("XDG_CACHE_HOME").map { "\($0)/ccm-lab" }
            ?? environmentValue("HOME").map { "\($0)/.cache/ccm-lab" }
    }

    /// A whole file's text; nil when it cannot be read.
    package static func text(of path: String) -> String? {
        // Not through `String(contentsOf:)`: files of /proc have no size to be read by.
        guard let bytes = bytes(of: path, limit: 64 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A file's bytes, up to a limit; nil when it cannot be read.
    static func bytes(of path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    /// Writes a file in one go.
    package static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw LabError("could not write \(path): \(error.localizedDescription)")
        }
    }

    /// Makes a folder and those above it.
    package static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw LabError("could not make the folder \(path): \(error.localizedDescription)")
        }
    }

    /// Makes a new folder that is this user's alone.
    ///
    /// - Parameter prefix: its path, up to the six letters of chance that nobody can foresee.
    package static func makeOwnFolder(_ prefix: String) throws -> String {
        var path = Array("\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&path) != nil else {
            throw LabError("could not make a folder \(prefix)…: \(String(cString: strerror(errno)))")
        }
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a folder, sorted; empty when it cannot be read.
    package static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Whether a path leads to a folder.
    package static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether a path leads to anything.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Copies everything below a folder into another, which need not exist.
    package static func copyAll(below source: String, to target: String) throws {
        try makeFolder(target)
        for name in names(in: source) {
            let from = "\(source)/\(name)"
            let to = "\(target)/\(name)"
            if isFolder(from) { try copyAll(below: from, to: to) } else { try copy(from, to: to) }
        }
    }

    /// Copies the files of a folder, and none that is in a folder below it, into another, which need not exist.
    static func copyFiles(of source: String, to target: String) throws {
        try makeFolder(target)
        for name in names(in: source) where !isFolder("\(source)/\(name)") {
            try copy("\(source)/\(name)", to: "\(target)/\(name)")
        }
    }

    /// Copies a file beside its place and then into it: who is interrupted meanwhile leaves a whole one there, or none.
    static func copy(_ source: String, to target: String) throws {
        let new = target + ".new"
        try? FileManager.default.removeItem(atPath: new)
        do {
            try FileManager.default.copyItem(atPath: source, toPath: new)
        } catch {
            throw LabError("could not copy \(source) to \(target): \(error.localizedDescription)")
        }
        guard rename(new, target) == 0 else {
            throw LabError("could not copy \(source) to \(target): \(String(cString: strerror(errno)))")
        }
    }

    /// Gives a folder another name, in the place of whatever has that.
    static func move(_ source: String, to target: String) throws {
        removeFolder(target)
        do {
            try FileManager.default.moveItem(atPath: source, toPath: target)
        } catch {
            throw LabError("\(source) cannot be moved to \(target): \(error)")
        }
    }

    /// Removes a folder with all that is in it.
    package static func removeFolder(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    /// Points a symbolic link somewhere, in the place of the link that was there; a real file is left alone.
    package static func link(_ path: String, to target: String) {
        var status = stat()
        if lstat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFLNK else { return }
            unlink(path)
        }
        symlink(target, path)
    }
}
