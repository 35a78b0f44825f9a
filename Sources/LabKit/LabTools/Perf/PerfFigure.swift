/// A figure of `ccmlab perf`, with what it is made of.
package struct PerfFigure: Hashable, Sendable {
    /// What is counted.
    package enum Unit: String, Sendable, CaseIterable {
        /// Instructions of the partner's process, without those of the kernel.
        case instructions
        /// Calls of a function.
        case calls
    }

    /// A stretch of the figure, between two events of the history.
    package struct Part: Hashable, Sendable {
        /// The event at its end.
        package var name: String
        package var value: Double
    }

    /// For tables and baselines, such as `handshake.a`.
    package var name: String
    package var unit: Unit
    package var value: Double
    /// The same, done by a program in C that does nothing else; nil where there is none.
    package var floor: Double?
    /// From when to when, in order; empty for a figure that is a difference of runs.
    package var parts: [Part]
    /// Instructions of each function itself.
    package var functions: [String: Double]

    package init(
        name: String, unit: Unit, value: Double, floor: Double? = nil, parts: [Part] = [],
        functions: [String: Double] = [:]
    ) {
        self.name = name
        self.unit = unit
        self.value = value
        self.floor = floor
        self.parts = parts
        self.functions = functions
    }
}

extension PerfFigure {
    /// What happened between two marks.
    init(_ name: String, _ parts: [CallgrindProfile.Part]) {
        var functions: [String: Double] = [:]
        for part in parts {
            for (function, count) in part.functions { functions[function, default: 0] += Double(count) }
        }
        self.init(
            name: name, unit: .instructions,
            value: Double(parts.reduce(UInt64(0)) { $0 + $1.instructions }),
            parts: parts.map { Part(name: $0.mark ?? "end", value: Double($0.instructions)) },
            functions: functions)
    }

    /// What the functions of one module took of another figure.
    init(_ name: String, _ figure: PerfFigure, of module: String) {
        // A Swift symbol begins with its module's name, behind the number of its letters.
        let prefix = "$s\(module.utf8.count)\(module)"
        let functions = figure.functions.filter { $0.key.hasPrefix(prefix) }
        self.init(
            name: name, unit: .instructions, value: functions.values.reduce(0, +), functions: functions)
    }

    /// What one of `count` repetitions took, of which the longer run has so many more.
    init(_ name: String, longer: CallgrindProfile, shorter: CallgrindProfile, count: Double) {
        var functions: [String: Double] = [:]
        for (profile, sign) in [(longer, 1.0), (shorter, -1.0)] {
            for part in profile.parts {
                for (function, counted) in part.functions {
                    functions[function, default: 0] += sign * Double(counted) / count
                }
            }
        }
        let difference = Double(longer.instructions) - Double(shorter.instructions)
        self.init(
            name: name, unit: .instructions, value: difference / count,
            functions: functions.filter { $0.value != 0 })
    }

    /// How often a function was called in each of `count` repetitions.
    init(
        _ name: String, calls functions: Set<String>, longer: CallgrindProfile, shorter: CallgrindProfile,
        count: Double
    ) {
        func calls(_ profile: CallgrindProfile) -> Double {
            Double(
                profile.parts.reduce(UInt64(0)) { sum, part in
                    functions.reduce(sum) { $0 + (part.calls[$1] ?? 0) }
                })
        }
        self.init(name: name, unit: .calls, value: (calls(longer) - calls(shorter)) / count)
    }
}

extension CallgrindProfile {
    fileprivate var instructions: UInt64 { parts.reduce(0) { $0 + $1.instructions } }
}
