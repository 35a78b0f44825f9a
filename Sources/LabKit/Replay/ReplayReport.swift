import Recording

/// What a person reads of a replay: a line for each life, what differs, and what it all came to.
package struct ReplayReport: Sendable {
    private var lives = 0
    private var same = 0
    private var cut = 0
    private var events: UInt64 = 0
    private var actions: UInt64 = 0
    /// Lives in which the manager did something else than it did when it was recorded.
    package private(set) var different = 0
    /// Lives that ended before they began: there is nothing to replay of them.
    private var unbegun = 0
    /// Lives that could not be read.
    package private(set) var unread = 0

    private static let nameWidth = 46
    private static let countWidth = 9

    package init() {}

    /// The line above the others.
    package static var header: String { row("life", "events", "actions", "replayed") }

    /// Takes a life, and returns its lines.
    package mutating func add(_ replayed: ReplayedLife) -> [String] {
        guard replayed.life.hasBegun else {
            unbegun += 1
            return [Self.row(replayed.life.name, "-", "-", "killed before it began")]
        }
        lives += 1
        switch replayed.result {
        case .failure(let error):
            unread += 1
            return [Self.row(replayed.life.name, "-", "-", "NOT READ")]
                + Table.wrapped(error.description, indent: 2) + [Self.place(replayed)]
        case .success(let replay):
            events += replay.events
            actions += replay.actions
            let row = { result in
                Self.row(replayed.life.name, "\(replay.events)", "\(replay.actions)", result)
            }
            if let difference = replay.difference {
                different += 1
                return [row("DIFFERS")] + Self.lines(difference) + [Self.place(replayed)]
            }
            same += 1
            guard case .cut(let remainder) = replay.ending else { return [row("same")] }
            cut += 1
            let rest = remainder == 0 ? "" : "  \(remainder) bytes behind the last whole block are left out"
            return [row("same, cut")] + (rest.isEmpty ? [] : [rest])
        }
    }

    /// What it came to.
    package var summary: [String] {
        var lines = [
            "",
            "\(same) of \(lives) lives the same throughout: \(events) events, \(actions) actions",
        ]
        if different > 0 { lines.append("\(different) differ") }
        if unread > 0 { lines.append("\(unread) could not be read") }
        if unbegun > 0 {
            lines.append("\(unbegun) more were killed before they began: nothing was recorded of them")
        }
        if cut > 0 {
            lines.append("\(cut) are cut: the partner was killed, or the file; what is there was replayed")
        }
        return lines
    }

    /// A path is for copying, and stands on a line of its own.
    private static func place(_ replayed: ReplayedLife) -> String { "  recording: \(replayed.life.path)" }

    private static func lines(_ difference: Replay.Difference) -> [String] {
        let time = SpanText.exact(difference.time)
        return Table.wrapped(
            "event \(difference.event), \(time) after the start: \(difference.eventText)", indent: 2)
            + Table.wrapped(
                "action \(difference.action) recorded: \(difference.recorded ?? "none")", indent: 4)
            + Table.wrapped(
                "action \(difference.action) replayed: \(difference.replayed ?? "none")", indent: 4)
    }

    /// A name is for looking its folder up, and never cut.
    private static func row(_ name: String, _ events: String, _ actions: String, _ result: String) -> String {
        let padding = String(repeating: " ", count: max(0, nameWidth - name.count))
        return name + padding + Table.right(events, countWidth) + " " + Table.right(actions, countWidth)
            + "  " + result
    }
}
