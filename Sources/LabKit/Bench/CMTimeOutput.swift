import ClusterConnection

/// What cmtime(1) of rdmacm-utils prints: a row for each step of making connections, `connect      :`, and in its last
/// column, `us / conn`, what the step took for each of them.
enum CMTimeOutput {
    /// The steps up to a connection that can be used; `disconnect` and `destroy` come behind them.
    static let stepsToConnect = [
        "create id", "bind addr", "resolve addr", "resolve route", "create qp", "connect",
    ]

    /// What a connection took, all steps up to `connect` together; nil unless all of them were printed.
    static func spanOfConnection(in output: String) -> TimeSpan? {
        var sum = 0.0
        for step in stepsToConnect {
            guard let microseconds = microsecondsOfConnection(step, in: output) else { return nil }
            sum += microseconds
        }
        guard sum > 0, sum < 1e9 else { return nil }
        return TimeSpan(nanoseconds: UInt64(sum * 1_000))
    }

    private static func microsecondsOfConnection(_ step: String, in output: String) -> Double? {
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 2, String(parts[0]).trimmed == step,
                let last = parts[1].split(whereSeparator: \.isWhitespace).last, let value = Double(last),
                value >= 0, value < 1e9
            else { continue }
            return value
        }
        return nil
    }
}
