/// What instruction counts depend on besides the program that is counted.
enum PerfEnvironment {
    /// Features of the processor by which the C library chooses among its functions.
    private static let features: Set<Substring> = [
        "avx2", "bmi1", "bmi2", "erms", "fma", "fsrm", "lzcnt", "abm", "movbe", "sse4_2",
    ]

    /// - Throws: `LabError` where something that it asks for is missing.
    static func now(_ checkout: Checkout) async throws -> [String: String] {
        let kernel = try UMLKernel.find()
        let scenarios = Files.names(in: "\(checkout.root)/Lab/perf").sorted()
            .map { "\(checkout.root)/Lab/perf/\($0)" }
        return [
            "counter": "callgrind \(try await Callgrind.version())",
            "kernel": try await kernel.release(),
            "kernelDigest": try await kernel.digest(),
            // What it does decides when partners boot, to the microsecond.
            PerfComparison.lab: try await Userland.digest(of: [Checkout.program, checkout.fabricScript]),
            "libraries": try await packages(["libc6", "libibverbs1", "librdmacm1", "ibverbs-providers"]),
            "processor": processor,
            "scenarios": try await Userland.digest(of: scenarios),
        ]
    }

    private static func packages(_ names: [String]) async throws -> String {
        let outcome = try await Tool.run("dpkg-query", ["-W", "-f", "${Package} ${Version}, "] + names)
        guard outcome.status.isSuccess else { throw LabError(outcome.lastReason) }
        return String(outcome.output.trimmed.dropLast())
    }

    private static var processor: String {
        let lines = (Files.text(of: "/proc/cpuinfo") ?? "").split(separator: "\n")
        let flags = lines.first { $0.hasPrefix("flags") }?.split(separator: ":").last ?? ""
        return flags.split(separator: " ").filter { features.contains($0) }.sorted().joined(separator: " ")
    }
}
