/// The pair's fabric on this kernel, as `scripts/fabric` makes it.
struct Fabric: Sendable {
    var script: String
    var rails: Int

    /// Makes the fabric.
    ///
    /// - Returns: whether it was made now. One that was there before is somebody else's to take down.
    /// - Throws: with the script's own sentence when the kernel cannot do it; `CancellationError` when the lab
    ///   was interrupted meanwhile, and the fabric is gone again.
    func up() async throws -> Bool {
        let wasThere = Files.exists("/run/netns/\(FabricNames.namespace(of: .a))")
        // In a task of its own: half a fabric is more work to take down than a whole one.
        let outcome = try await Task { try await Tool.run(script, ["up", "--rails", "\(rails)"]) }.value
        if outcome.status.isSuccess && !Task.isCancelled { return !wasThere }
        if !wasThere { _ = await down() }
        try Task.checkCancellation()
        throw LabError("the fabric could not be made: \(outcome.reason)")
    }

    /// Takes the fabric down and makes it again.
    func renew() async throws {
        if let problem = await down() { throw LabError(problem) }
        _ = try await up()
    }

    /// Takes the fabric down, also when the lab was interrupted.
    ///
    /// - Returns: what went wrong; nil when it is gone.
    func down() async -> String? {
        await Task {
            do {
                let outcome = try await Tool.run(script, ["down"])
                if !outcome.status.isSuccess {
                    return "the fabric could not be taken down: \(outcome.reason)"
                }
            } catch {
                return "the fabric could not be taken down: \(error)"
            }
            let left = PartnerID.allCases.map { FabricNames.namespace(of: $0) }.filter {
                Files.exists("/run/netns/\($0)")
            }
            return left.isEmpty ? nil : "scripts/fabric down left \(left.joined(separator: " and ")) behind"
        }.value
    }
}
