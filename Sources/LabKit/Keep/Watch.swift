import ClusterConnection
import Glibc

/// Looks at a pair again and again, until this task is cancelled.
package struct Watch: Sendable {
    private let run: KeptRun
    /// How long to wait between two looks.
    private static let interval = TimeSpan.milliseconds(500)

    package init(_ run: KeptRun) { self.run = run }

    /// On a terminal, both partners on a page that is drawn anew; elsewhere, a line for each change.
    package func look(onPage: Bool) async throws {
        let start = MonotonicClock.now
        var before: [PartnerID: PartnerView] = [:]
        while true {
            var views: [PartnerID: PartnerView] = [:]
            for partner in PartnerID.allCases {
                views[partner] = PartnerView(try await run.status(of: partner))
            }
            if onPage, let a = views[.a], let b = views[.b] {
                let lines = PartnerView.table(a, b) + ["", "Ctrl-C ends this"]
                // To the upper left, each line to its end, and what was below it away.
                Display.write(
                    "\u{1B}[H" + lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J", to: STDOUT_FILENO)
            } else {
                let seconds = Double((MonotonicClock.now - start).nanoseconds) / 1e9
                for partner in PartnerID.allCases {
                    guard let change = views[partner]?.change(since: before[partner]) else { continue }
                    let time = Table.right(SpanText.fixed(seconds, decimals: 1), 8) + " s  "
                    Display.write("\(time)\(partner.rawValue)  \(change)\n", to: STDOUT_FILENO)
                }
            }
            before = views
            try await Task.sleep(for: .nanoseconds(Int64(Self.interval.nanoseconds)))
        }
    }
}
