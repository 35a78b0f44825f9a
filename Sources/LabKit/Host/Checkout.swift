import Glibc

/// The folder of the project that the lab belongs to, with its scripts and scenarios.
package struct Checkout: Sendable {
    package var root: String

    /// The checkout that `CCM_LAB_ROOT` names, or the one above the running program.
    package init() throws(LabError) {
        if let root = environmentValue("CCM_LAB_ROOT") {
            guard Self.isCheckout(root) else {
                throw LabError(
                    "CCM_LAB_ROOT is \(root), which has no scripts/fabric; set it to the project's folder")
            }
            self.root = root
            return
        }
        var folder = Self.programFolder
        while folder != "/" && !folder.isEmpty {
            if Self.isCheckout(folder) {
                root = folder
                return
            }
            folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        }
        throw LabError(
            "found no project folder (with scripts/fabric) above \(Self.programFolder); set CCM_LAB_ROOT to it"
        )
    }

    private static func isCheckout(_ folder: String) -> Bool { Files.exists("\(folder)/scripts/fabric") }

    /// The running program, without symbolic links.
    package static var program: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return CommandLine.arguments.first ?? "ccmlab" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var programFolder: String {
        let program = program
        return String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])
    }

    /// The partner program: the one that was named, or the one beside the lab.
    package func ccmd(_ named: String?) throws(LabError) -> String {
        let path = Self.absolute(named ?? "\(Self.programFolder)/ccmd")
        guard access(path, X_OK) == 0, !Files.isFolder(path) else {
            throw LabError(
                "there is no partner program at \(path); build it with 'swift build -c release --product ccmd', "
                    + "or name one with --ccmd")
        }
        return path
    }

    /// A path from the root, whatever the current folder.
    package static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return path }
        let folder = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(folder)/\(path)"
    }

    package var fabricScript: String { "\(root)/scripts/fabric" }
    package var umlScript: String { "\(root)/scripts/uml" }
    package var vmScript: String { "\(root)/scripts/vm" }
    package var keepResidentScript: String { "\(root)/scripts/lib/keep-resident" }
    package var scenarios: String { "\(root)/Lab/scenarios" }
    package var benches: String { "\(root)/Lab/bench" }
}
