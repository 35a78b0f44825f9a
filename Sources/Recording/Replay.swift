import ClusterConnection

/// Feeds the events of a recording to a connection manager again, and compares what it wants done about them.
package struct Replay: Sendable {
    /// What the manager wanted done otherwise than it did when it was recorded.
    package struct Difference: Hashable, Sendable {
        /// The number of the event, from 1.
        package var event: UInt64
        /// When it happened, from the start of the life.
        package var time: TimeSpan
        /// Which event, in full.
        package var eventText: String
        /// Which of its actions, from 1.
        package var action: Int
        /// The action that was recorded; nil where there is none any more.
        package var recorded: String?
        /// The action of the replay; nil where there is none any more.
        package var replayed: String?
    }

    /// The life.
    package let incarnation: Incarnation
    /// Events that were replayed, the one that made a difference included.
    package private(set) var events: UInt64 = 0
    /// Actions that were the same.
    package private(set) var actions: UInt64 = 0
    /// The first difference. What follows it would differ because of it, and is not looked at.
    package private(set) var difference: Difference?
    /// How the recording ends; nil where a difference came before.
    package private(set) var ending: RecordingReader.Ending?

    /// Replays a recording.
    ///
    /// - Parameter start: what the manager is told at its start instead of what was recorded.
    package init(of bytes: [UInt8], from start: RecordedStart? = nil) throws(RecordingError) {
        var recording = try RecordingReader(bytes)
        let start = start ?? recording.start
        incarnation = start.incarnation
        var manager = start.manager
        var replayed: [Action] = []
        var scratch = MessageWriter()
        while let step = try recording.next() {
            replayed.removeAll(keepingCapacity: true)
            manager.handle(step.event, at: step.instant, into: &replayed)
            events += 1
            difference = compare(step, with: replayed, since: start.instant, &scratch)
            if difference != nil { return }
        }
        ending = recording.ending
    }

    private mutating func compare(
        _ step: RecordedStep, with replayed: [Action], since start: Instant, _ scratch: inout MessageWriter
    ) -> Difference? {
        for index in 0..<max(step.actions.count, replayed.count) {
            let recorded = index < step.actions.count ? step.actions[index] : nil
            let again = index < replayed.count ? replayed[index] : nil
            if let recorded, let again {
                scratch.removeAll()
                scratch.append(again)
                if scratch.bytes.elementsEqual(recorded.bytes) {
                    actions += 1
                    continue
                }
            }
            return Difference(
                event: step.number, time: step.instant - start, eventText: step.event.text,
                action: index + 1,
                recorded: recorded?.action.text, replayed: again?.text)
        }
        return nil
    }
}
