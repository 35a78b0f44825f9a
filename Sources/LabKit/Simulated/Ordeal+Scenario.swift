import ClusterConnection
import Simulation

extension Ordeal {
    /// The ordeal as a scenario, for the simulator and for real verbs: what happens to the pair, when, and that it has
    /// to come out of it.
    ///
    /// - Parameter connect: from the moment at which all is well to connected again, at most.
    func scenario(name: String, connect: TimeSpan) -> String {
        var steps: [String] = []
        var time = TimeSpan.zero
        var state = Standing(self)
        for step in self.steps {
            time = time + step.after
            state.bootsUntil(time)
            steps += state.lines(for: step.act, at: time)
        }
        steps += state.linesForTheEnd(at: max(time, boots.max() ?? .zero) + patience)
        var text = """
            name: \(name)
            summary: >-
              Ordeal \(seed) of the simulator, made as small as it can be and still fail.
            tags: [ordeal]

            """
        if rails > 1 { text += "rails: \(rails)\n" }
        text += "bounds: { connect: \(SpanText.exact(connect)) }\n"
        // As in an ordeal: who is powered on listens at once, and is found hung soon.
        text += "settings:\n  boot: { ccmStarting: 0ms }\n  heartbeat: { missLimit: \(Self.missLimit) }\n"
        if clients > 0 {
            let kinds = ["messenger", "logMirror"].prefix(clients).map { "    - { kind: \($0) }\n" }
            text += "  clients:\n" + kinds.joined()
        }
        text += "partners:\n"
        for (partner, boot) in zip(PartnerID.allCases, boots) {
            let version = versions[partner == .a ? 0 : 1]
            let speech =
                version == .supported
                ? "" : ", settings: { protocol: { lowest: \(version.lowest), highest: \(version.highest) } }"
            text += "  \(partner.rawValue): { bootAt: \(SpanText.exact(boot))\(speech) }\n"
        }
        if !steps.isEmpty { text += "steps:\n" + steps.map { "  - { \($0) }\n" }.joined() }
        return text
    }

    /// Who runs, as far as the steps tell: a scenario refuses a step that can have no effect.
    ///
    /// Steps are counted from the moment at which the boot before them listens: a real process takes its time to get there.
    private struct Standing {
        let rails: Int
        var boots: [TimeSpan?]
        var runs = [false, false]
        var isFrozen = [false, false]
        var cutEnds: Set<RailEnd> = []
        var count = 0
        /// The latest boot: when it was, of whom, and which of this node's it was.
        var latest: (at: TimeSpan, node: Int, number: Int)?
        private var bootCounts = [0, 0]

        init(_ ordeal: Ordeal) {
            rails = ordeal.rails
            boots = ordeal.boots
        }

        mutating func bootsUntil(_ time: TimeSpan) {
            for node in (0..<2).sorted(by: { boots[$0] ?? .zero < boots[$1] ?? .zero }) {
                guard let boot = boots[node], boot <= time else { continue }
                (runs[node], boots[node]) = (true, nil)
                booted(node, at: boot)
            }
        }

        private mutating func booted(_ node: Int, at time: TimeSpan) {
            bootCounts[node] += 1
            latest = (time, node, bootCounts[node])
        }

        /// From the latest boot before it.
        private func moment(_ time: TimeSpan) -> String {
            guard let latest, latest.at <= time else { return "at: \(SpanText.exact(time))" }
            let count = latest.number > 1 ? ", count: \(latest.number)" : ""
            let partner = PartnerID.allCases[latest.node].rawValue
            let delay = TimeSpan.nanoseconds(time.nanoseconds - latest.at.nanoseconds)
            return "after: { partner: \(partner), event: listening, where: { rail: 0 }\(count) }"
                + (delay == .zero ? "" : ", delay: \(SpanText.exact(delay))")
        }

        private mutating func line(_ action: String, _ node: Int?, at time: TimeSpan, _ more: String = "")
            -> String
        {
            count += 1
            let partner = node.map { ", partner: \(PartnerID.allCases[$0].rawValue)" } ?? ""
            return "do: \(action), id: step-\(count)\(partner)\(more), \(moment(time))"
        }

        mutating func lines(for act: Act, at time: TimeSpan) -> [String] {
            switch act {
            case .kill(let node): return end(node, "kill", at: time)
            case .stop(let node): return end(node, "stop", at: time)
            case .powerOff(let node):
                guard runs[node] else { return [] }
                cutEnds = ends(of: nil, nil)
                return end(node, "powerOff", at: time)
            case .boot(let node):
                guard !runs[node], boots[node] == nil else { return [] }
                runs[node] = true
                var lines: [String] = []
                // Power that comes back comes back to the rail as well.
                if !cutEnds.isEmpty { lines = lines + self.lines(for: .heal(nil), at: time) }
                lines.append(line("boot", node, at: time))
                booted(node, at: time)
                return lines
            case .freeze(let node):
                guard runs[node], !isFrozen[node] else { return [] }
                isFrozen[node] = true
                return [line("freeze", node, at: time)]
            case .thaw(let node):
                guard runs[node], isFrozen[node] else { return [] }
                isFrozen[node] = false
                return [line("thaw", node, at: time)]
            case .pause(let node, let span):
                guard runs[node], !isFrozen[node] else { return [] }
                return [line("freeze", node, at: time), line("thaw", node, at: time + span)]
            case .cut(let rail, let node):
                let cut = ends(of: rail, node)
                guard !cutEnds.isSuperset(of: cut) else { return [] }
                cutEnds.formUnion(cut)
                return [line("cut", node, at: time, rail.map { ", rail: \($0.index)" } ?? "")]
            case .heal(let rail):
                let healed = ends(of: rail, nil)
                guard !cutEnds.isDisjoint(with: healed) else { return [] }
                cutEnds.subtract(healed)
                return [line("heal", nil, at: time, rail.map { ", rail: \($0.index)" } ?? "")]
            }
        }

        private func ends(of rail: RailID?, _ node: Int?) -> Set<RailEnd> {
            RailEnd.all(
                of: node.map { PartnerID.allCases[$0] }, on: rail.map { Int($0.index) },
                among: Set(0..<rails))
        }

        private mutating func end(_ node: Int, _ action: String, at time: TimeSpan) -> [String] {
            guard runs[node], action != "stop" || !isFrozen[node] else { return [] }
            runs[node] = false
            isFrozen[node] = false
            return [line(action, node, at: time)]
        }

        /// Whatever happened: from here on all is well.
        mutating func linesForTheEnd(at time: TimeSpan) -> [String] {
            bootsUntil(time)
            var all = lines(for: .heal(nil), at: time)
            for node in 0..<2 {
                all += lines(for: .thaw(node), at: time)
                all += lines(for: .boot(node), at: time)
            }
            return all
        }
    }
}
