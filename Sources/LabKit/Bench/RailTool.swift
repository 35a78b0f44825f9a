import ClusterConnection
import Glibc
import Subprocess

/// A program of others that measures the rail of the pair, in the same run as the product: a server in partner b's
/// namespace and a client in partner a's.
package struct RailTool: Sendable {
    /// The program, as `PATH` has it.
    package var program: String
    /// What server and client are both told.
    var arguments: [String]
    /// What comes before the server's address on the client's command line.
    var addressOption: [String] = []
    /// What the client printed, as a number; nil when it printed none.
    var read: @Sendable (String) -> Quantity?

    /// How long a server is looked for.
    private static let patience = TimeSpan.seconds(10)
    /// How long all may take. Both sides wait for ever for a message that was lost.
    private static let mostTime = TimeSpan.seconds(60)

    /// What came of it once.
    struct Measurement {
        var quantity: Quantity
        /// All that the client printed.
        var output: String
    }

    /// The command, for a person: `ib_send_lat -e -s 64`.
    var command: String { ([program] + arguments).joined(separator: " ") }

    /// Measures once; nobody else uses the rail meanwhile.
    ///
    /// - Throws: `LabError` with the program's own words when it measured nothing.
    func measure() async throws -> Measurement {
        try await withThrowingTaskGroup(of: Measurement?.self) { group in
            // The server and the watch are ended with the group: some servers serve for ever.
            defer { group.cancelAll() }
            group.addTask {
                _ = try await run(in: .b, arguments)
                return nil
            }
            group.addTask {
                await MonotonicClock.wait(until: MonotonicClock.now + Self.mostTime)
                try Task.checkCancellation()
                throw LabError("\(command) did not end within \(SpanText.rounded(Self.mostTime))")
            }
            group.addTask { try await measureAsClient() }
            while let measurement = try await group.next() {
                if let measurement { return measurement }
            }
            throw LabError("\(command) measured nothing")
        }
    }

    private func measureAsClient() async throws -> Measurement {
        let limit = MonotonicClock.now + Self.patience
        while true {
            // The server says nothing when it is ready; a client that comes too early is refused and comes again.
            let client = try await run(in: .a, arguments + addressOption + [FabricNames.address(of: .b)])
            if client.status.isSuccess {
                guard let quantity = read(client.output) else {
                    throw LabError("\(command) printed no figure: \(client.output.suffix(200))")
                }
                return Measurement(quantity: quantity, output: client.output)
            }
            guard MonotonicClock.now < limit else {
                throw LabError("\(command) found no server: \(client.reason)")
            }
        }
    }

    private func run(in partner: PartnerID, _ arguments: [String]) async throws -> Tool.Outcome {
        try await Tool.run(
            "ip", ["netns", "exec", FabricNames.namespace(of: partner), program] + arguments)
    }
}

extension RailTool {
    /// The reference of every claim about reads: the typical (median) latency of a read of 64 bytes with completion
    /// events, by ib_read_lat(1).
    static let readLatency = RailTool(
        program: "ib_read_lat", arguments: ["-e", "-s", "64", "-n", "1000", "-R"]
    ) { PerftestOutput.typicalLatency(of: 64, in: $0).map { .span($0) } }
}
