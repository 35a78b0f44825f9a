/// The program of Lab/perf/floor.c: the least that two partners can do with verbs, counted in the same machine.
struct PerfFloor: Sendable {
    /// What of it a figure is compared with.
    enum Stretch: Sendable {
        case start, connect, accept, handshake, beat
    }

    private let listening: CallgrindProfile
    private let connecting: CallgrindProfile

    /// As many as `Lab/perf/floor` asks for.
    private static let beats = 100.0

    /// Builds it, and counts it on a machine.
    ///
    /// - Parameter folder: for the program and the counts.
    /// - Throws: `LabError` where it cannot be built or fails.
    init(_ checkout: Checkout, seed: UInt64, in folder: String) async throws {
        try Files.makeFolder(folder)
        let program = "\(folder)/floor"
        let compiled = try await Tool.run(
            "cc",
            ["-O2", "-std=c17", "-D_GNU_SOURCE", "-o", program, "\(checkout.root)/Lab/perf/floor.c"]
                + ["-lrdmacm", "-libverbs"])
        guard compiled.status.isSuccess else {
            throw LabError("Lab/perf/floor.c cannot be compiled: \(compiled.reason)")
        }
        let machine = UserModeLinux(
            script: checkout.umlScript, seed: seed, results: folder, patience: .seconds(180),
            memory: Callgrind.memory)
        let outcome = try await machine.run(
            ["--anywhere", "--as", "root=\(checkout.root)", "--as", "floor=\(program)", "--"]
                + ["/run/ccm-lab/root/Lab/perf/floor", "/run/ccm-lab/floor", "/run/ccm-lab/results"])
        guard outcome.status == 0 else { throw LabError("Lab/perf/floor failed: \(outcome.reason)") }
        listening = try CallgrindProfile(in: folder, of: "listen")
        connecting = try CallgrindProfile(in: folder, of: "connect")
    }

    /// What it takes for the same.
    ///
    /// - Parameter partner: whose part it is.
    func instructions(_ stretch: Stretch, of partner: PartnerID) -> Double? {
        let own = partner == .a ? connecting : listening
        let parts: [CallgrindProfile.Part]? =
            switch stretch {
            case .start: own.between(nil, "listening")
            case .connect: connecting.between("listening", "connected")
            case .accept: listening.between("requestReceived", "connected")
            case .handshake: own.between("connected", "established")
            case .beat: connecting.between("established", "beaten")
            }
        guard let parts else { return nil }
        let sum = Double(parts.reduce(UInt64(0)) { $0 + $1.instructions })
        return stretch == .beat ? sum / Self.beats : sum
    }
}

extension CallgrindProfile {
    /// Reads the counts of a process.
    ///
    /// - Throws: `LabError` where they are missing or damaged.
    init(in folder: String, of process: String) throws(LabError) {
        let path = "\(folder)/\(Callgrind.file(of: process))"
        guard let bytes = Files.bytes(of: path, limit: 1 << 30) else {
            throw LabError("\(path) is missing: the process was killed before its counts were written")
        }
        try self.init(bytes, file: path)
    }
}
