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
    /// The corners at the ends of short stretches.
    private var shortened: Set<Int> = []

    /// A scale without breaks.
    init(from start: Instant, to end: Instant) {
        self.start = start
        self.end = max(end, start + .microseconds(1))
        corners = [Corner(time: 0, share: 0), Corner(time: Self.time(self.end, start), share: 1)]
    }

    /// A scale on which stretches without any of the moments are drawn short, where they would take much of the width.
    init(from start: Instant, to end: Instant, moments: [Instant]) {
        self.start = start
        self.end = max(end, start + .microseconds(1))
        let total = Self.time(self.end, start)
        let times =
            [0] + moments.filter { $0 > start && $0 < end }.map { Self.time($0, start) }.sorted() + [total]
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        let longest = Self.longestGap(gaps, total)
        let isShort = gaps.map { $0 > longest }
        let busy = zip(gaps, isShort).reduce(0) { $0 + ($1.1 ? 0 : $1.0) }
        // All short stretches together take half of the width at most.
        let count = Double(isShort.count { $0 })
        let share = min(Self.shareOfBreak, 0.5 / max(1, count))
        let weight = busy > 0 ? busy * share / (1 - share * count) : 1
        let width = busy + weight * count
        var corners = [Corner(time: 0, share: 0)]
        var sum = 0.0
        for (index, gap) in gaps.enumerated() {
            let before = sum
            sum += isShort[index] ? weight : gap
            if isShort[index] {
                shortened.insert(corners.count)
                breaks.append(
                    Break(middle: (before + sum) / 2 / width, length: TimeSpan(nanoseconds: UInt64(gap))))
            }
            // Between two short stretches one line does.
            let isCorner = isShort[index] || index + 1 == gaps.count || isShort[index + 1]
            if isCorner, (corners.last?.time ?? 0) < times[index + 1] {
                corners.append(Corner(time: times[index + 1], share: sum / width))
            }
        }
        // Sums of shares are not exact, and the end is.
        corners[corners.count - 1].share = 1
        self.corners = corners
    }

    /// What a short stretch takes of the width.
    private static let shareOfBreak = 0.08

    /// How long a gap may be without being drawn short: not much longer than what remains when longer ones are.
    private static func longestGap(_ gaps: [Double], _ total: Double) -> Double {
        var longest = total / 6
        for _ in 0..<4 {
            let busy = gaps.reduce(0) { $0 + ($1 > longest ? 0 : $1) }
            longest = min(longest, max(busy / 2, 1_000))
        }
        return longest
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
        for place in corners.indices.dropFirst() where !shortened.contains(place) {
            let (low, high) = (corners[place - 1], corners[place])
            var number = ((offset + low.time) / step).rounded(.up)
            while number * step <= offset + high.time, ticks.count < 64 {
                let time = number * step - offset
                let share = low.share + (high.share - low.share) * (time - low.time) / (high.time - low.time)
                let isFree = breaks.allSatisfy {
                    abs($0.middle - share) > 0.05 && abs($0.middle - share - 0.04) > 0.05
                }
                if isFree, ticks.last.map({ share - $0.share >= 0.09 }) ?? true, share < 0.95 {
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
