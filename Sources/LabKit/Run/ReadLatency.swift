import ClusterConnection
import Glibc
import Subprocess

/// The reference of every claim about speed: perftest's ib_read_lat(1) on the rail of the pair, in the same run.
package struct ReadLatency: Hashable, Sendable {
    /// Its typical (median) latency of a read of 64 bytes with completion events.
    package var typical: TimeSpan

    private static let arguments = ["ib_read_lat", "-e", "-s", "64", "-n", "1000", "-R"]
    private static let patience = TimeSpan.seconds(10)

    /// Measures between the two namespaces; nobody else uses the rail meanwhile.
    static func measure() async throws -> ReadLatency {
        async let server = Tool.run(
            "ip", ["netns", "exec", FabricNames.namespace(of: .b)] + arguments)
        let limit = MonotonicClock.now + patience
        while true {
            // The server says nothing when it is ready; a client that comes too early is refused and comes again.
            let client = try await Tool.run(
                "ip",
                ["netns", "exec", FabricNames.namespace(of: .a)] + arguments + [FabricNames.address(of: .b)])
            if client.status.isSuccess {
                _ = try await server
                guard let latency = ReadLatency(output: client.output) else {
                    throw LabError("ib_read_lat printed no latency: \(client.output.suffix(200))")
                }
                return latency
            }
            guard MonotonicClock.now < limit else {
                throw LabError("ib_read_lat found no server: \(client.reason)")
            }
        }
    }

    /// Reads the typical latency, in microseconds, from the row of a size of 64 bytes.
    init?(output: String) {
        for line in output.split(separator: "\n") {
            let columns = line.split(whereSeparator: \.isWhitespace)
            guard columns.count >= 6, columns[0] == "64", let microseconds = Double(columns[4]),
                microseconds > 0, microseconds < 1e9
            else { continue }
            typical = TimeSpan(nanoseconds: UInt64(microseconds * 1_000))
            return
        }
        return nil
    }

    /// The reference of several measurements: their median.
    init?(medianOf latencies: [ReadLatency]) {
        guard let statistics = Statistics(latencies.map(\.typical)) else { return nil }
        typical = statistics.median
    }
}
