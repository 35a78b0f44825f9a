import Glibc

/// A fabric that a run has left up, as `kept.json` in its run folder tells of it for as long as it is up.
package struct KeptRun: Sendable {
    /// The file's name.
    private static let file = "kept.json"

    /// Where the machine's sockets are; nil for a fabric of this kernel.
    private let door: String?
    private let ccmd: String

    /// - Parameter door: the folder of the machine's sockets; nil for a fabric of this kernel.
    package init(door: String?, ccmd: String) {
        self.door = door
        self.ccmd = ccmd
    }

    /// What a run folder says is kept; without such a word the fabric of this kernel, where there is one.
    ///
    /// - Throws: `LabError` where nothing is kept.
    package init(of folder: String) throws(LabError) {
        if let bytes = Files.bytes(of: "\(folder)/\(Self.file)", limit: 1 << 16) {
            guard case .object(let object)? = try? JSONReader.value(of: bytes[...]),
                let ccmd = object["ccmd"]?.string
            else { throw LabError("\(folder)/\(Self.file) is damaged: remove it, and run with --keep again") }
            self.init(door: object["door"]?.string, ccmd: ccmd)
            if let door, !Files.exists(door) {
                throw LabError(
                    "\(folder) is kept no longer: its machine is gone; “ccmlab run --keep SCENARIO” keeps one"
                )
            }
            return
        }
        guard Files.exists("/run/netns/\(FabricNames.namespace(of: .a))") else {
            throw LabError(
                "nothing is kept: there is no \(folder)/\(Self.file), and no fabric on this kernel; leave one up with "
                    + "“ccmlab run --keep SCENARIO”, or name its run folder with --run")
        }
        self.init(door: nil, ccmd: "ccmd")
    }

    /// Says so in a run folder.
    package func write(to folder: String) throws {
        let fields = [("ccmd", JSONValue.string(ccmd))] + (door.map { [("door", .string($0))] } ?? [])
        try Files.write(JSONText.pretty(.object(JSONObject(fields))), to: "\(folder)/\(Self.file)")
    }

    /// Takes the word back.
    package static func forget(in folder: String) { unlink("\(folder)/\(file)") }

    /// A shell, or a command, in a partner's namespace. Returns only where it was in a machine; on this kernel it takes the
    /// place of this process.
    ///
    /// - Returns: the exit status.
    package func enter(_ partner: PartnerID, _ command: [String]) throws -> Int32 {
        let prefix = ["ip", "netns", "exec", FabricNames.namespace(of: partner)]
        if let door {
            if command.isEmpty { return try Door(door).shell(of: partner) }
            let answer = try Door(door).ask(ShellText.command(prefix + command))
            Display.write(answer.output, to: STDOUT_FILENO)
            return answer.status
        }
        let words = prefix + (command.isEmpty ? [environmentValue("SHELL") ?? "/bin/sh"] : command)
        let pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        execvp(words[0], pointers)
        throw LabError(
            "could not start ip: \(String(cString: strerror(errno))); scripts/setup installs iproute2")
    }

    /// What a partner tells of itself, as one JSON object; nil where none answers.
    func status(of partner: PartnerID) async throws -> JSONObject? {
        let command = [ccmd, "status", "--json", "--control", KeptPair.control(of: partner)]
        let text: String
        if let door {
            text = try Door(door).ask(ShellText.command(command)).output
        } else {
            text = try await Tool.run(command[0], Array(command.dropFirst())).output
        }
        guard case .object(let object)? = try? JSONReader.value(of: Array(text.utf8)[...]) else { return nil }
        return object
    }
}
