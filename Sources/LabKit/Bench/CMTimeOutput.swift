import ClusterConnection

/// What cmtime(1) of rdmacm-utils prints: a row for each step of making connections, `connect      :`, and in its last
/// column, `us / conn`, what the step took for each of them.
enum CMTimeOutput {
    /// What a connection took until it can be used: all steps up to `connect`, behind which come `disconnect` and
    /// `destroy`. Nil unless `connect` was printed, with numbers everywhere.
    static func spanOfConnection(in output: String) -> TimeSpan? {
        var sum = 0.0
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 2 else { continue }
            guard let last = parts[1].split(whereSeparator: \.isWhitespace).last, let value = Double(last),
                value >= 0, value < 1e9
            else { return nil }
            sum += value
            if String(parts[0]).trimmed == "connect" {
                return sum > 0 ? TimeSpan(nanoseconds: UInt64((sum * 1_000).rounded())) : nil
            }
        }
        return nil
    }
}
