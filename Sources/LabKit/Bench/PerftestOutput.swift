import ClusterConnection

/// What the programs of perftest print: a heading that begins with `#bytes`, and below it a row for each size.
enum PerftestOutput {
    /// The typical (median) latency of a size: `t_typical[usec]`, of ib_read_lat(1) and ib_send_lat(1).
    static func typicalLatency(of byteCount: Int, in output: String) -> TimeSpan? {
        guard let microseconds = value("t_typical[usec]", of: byteCount, in: output) else { return nil }
        return TimeSpan(nanoseconds: UInt64(microseconds * 1_000))
    }

    /// The average throughput of a size in bytes a second, of ib_write_bw(1): its MB are 1,048,576 bytes.
    static func averageThroughput(of byteCount: Int, in output: String) -> Double? {
        let value =
            value("average[MB/sec]", of: byteCount, in: output)
            ?? value("average[MiB/sec]", of: byteCount, in: output)
        return value.map { $0 * 1_048_576 }
    }

    /// The value below a heading, in the row of a size; nil unless it is a number that a measurement can have.
    private static func value(_ heading: String, of byteCount: Int, in output: String) -> Double? {
        var place: Int?
        for line in output.split(separator: "\n") {
            // Two words make one heading where they say what of: “BW peak[MB/sec]”.
            let words = line.split(whereSeparator: \.isWhitespace).filter { $0 != "BW" }
            if words.first == "#bytes" { place = words.firstIndex { $0 == heading } }
            guard let place, words.count > place, words[0] == "\(byteCount)",
                let value = Double(words[place]), value > 0, value < 1e9
            else { continue }
            return value
        }
        return nil
    }
}
