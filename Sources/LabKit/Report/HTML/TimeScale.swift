import ClusterConnection

/// Where a moment stands on a time line, as a share of its width. Long stretches in which nothing happens are drawn
/// short.
struct TimeScale {
    /// A corner of the line that leads from nanoseconds since the start to the share of the width.
    struct Corner: Hashable {
        var time: Double
        var share: Double
    }

    /// A stretch that is drawn shorter than it was.
    struct Break: Hashable {
        /// The share of the width at its middle.
        var middle: Double
        var length: TimeSpan
    }

    let start: Instant
    let end: Instant
    let corners: [Corner]
    private(set) var breaks: [Break] = []

    /// A scale without breaks.
    init(from start: Instant, to end: Instant) {
        self.start = start
        self.end = max(end, start + .microseconds(1))
        corners = [Corner(time: 0, share: 0), Corner(time: Self.time(self.end, start), share: 1)]
    }

    /// A scale on which a stretch without any of the moments that takes more than a sixth of the time is drawn short.
    init(from start: Instant, to end: Instant, moments: [Instant]) {
        self.start = start
        self.end = max(end, start + .microseconds(1))
        let total = Self.time(self.end, start)
        let longest = total / 6
        var corners = [Corner(time: 0, share: 0)]
        var shortened: [(from: Int, length: Double)] = []
        var weight = 0.0
        var last = 0.0
        func add(_ time: Double, _ length: Double) {
            weight += length
            corners.append(Corner(time: time, share: weight))
        }
        let times = moments.filter { $0 > start && $0 < end }.map { Self.time($0, start) }.sorted() + [total]
        for time in times {
            if time - last > longest {
                let pending = last - (corners.last?.time ?? 0)
                if pending > 0 { add(last, pending) }
                shortened.append((corners.count - 1, time - last))
                add(time, longest / 4)
            }
            last = time
        }
        let pending = total - (corners.last?.time ?? 0)
        if pending > 0 { add(total, pending) }
        self.corners = corners.map { Corner(time: $0.time, share: $0.share / weight) }
        for (from, length) in shortened {
            breaks.append(
                Break(
                    middle: (self.corners[from].share + self.corners[from + 1].share) / 2,
                    length: TimeSpan(nanoseconds: UInt64(length))))
        }
    }

    private static func time(_ moment: Instant, _ start: Instant) -> Double {
        Double((moment - start).nanoseconds)
    }

    /// Where a moment stands; what is outside stands at the edge.
    func share(of moment: Instant) -> Double {
        let time = Self.time(min(moment, end), start)
        guard let next = corners.firstIndex(where: { $0.time >= time }), next > 0 else { return 0 }
        let (low, high) = (corners[next - 1], corners[next])
        return low.share + (high.share - low.share) * (time - low.time) / (high.time - low.time)
    }

    /// How much time, in nanoseconds, a part of the width stands for.
    func time(from low: Double, to high: Double) -> Double { time(at: high) - time(at: low) }

    private func time(at share: Double) -> Double {
        guard let next = corners.firstIndex(where: { $0.share >= share }), next > 0 else {
            return share <= 0 ? 0 : corners.last?.time ?? 0
        }
        let (low, high) = (corners[next - 1], corners[next])
        return low.time + (high.time - low.time) * (share - low.share) / (high.share - low.share)
    }

    /// Whether a moment stands on the line.
    func contains(_ moment: Instant) -> Bool { start <= moment && moment <= end }

    /// Moments with round numbers, counted from an origin, no two of which are so near that their names would touch.
    func ticks(from origin: Instant) -> [(share: Double, name: String)] {
        // The length of one width without the breaks.
        var busy = Double((end - start).nanoseconds)
        for stretch in breaks { busy -= Double(stretch.length.nanoseconds) }
        let step = Self.roundStep(max(busy, 1_000) / 7)
        let offset = Double((start - origin).nanoseconds)
        var ticks: [(share: Double, name: String)] = []
        for (low, high) in zip(corners, corners.dropFirst()) {
            var number = ((offset + low.time) / step).rounded(.up)
            let isShort = (high.share - low.share) * busy < (high.time - low.time) / 2
            if isShort { continue }
            while number * step <= offset + high.time, ticks.count < 64 {
                let time = number * step - offset
                let share = low.share + (high.share - low.share) * (time - low.time) / (high.time - low.time)
                if ticks.last.map({ share - $0.share >= 0.09 }) ?? true, share < 0.95 {
                    ticks.append((share, Self.name(number * step, step: step)))
                }
                number += 1
            }
        }
        return ticks
    }

    /// The next of 1, 2, 5, 10, ... that is at least as long.
    private static func roundStep(_ length: Double) -> Double {
        var step = 1.0
        while step * 10 < length { step *= 10 }
        return [1, 2, 5, 10].map { $0 * step }.first { $0 >= length } ?? step * 10
    }

    private static func name(_ time: Double, step: Double) -> String {
        let (unit, name) = time >= 1e9 ? (1e9, "s") : time >= 1e6 ? (1e6, "ms") : (1e3, "us")
        var decimals = 0
        var rest = step / unit
        while rest < 0.999, decimals < 6 {
            rest *= 10
            decimals += 1
        }
        return time == 0 ? "0" : "\(SpanText.fixed(time / unit, decimals: decimals)) \(name)"
    }
}
