import ArgumentParser
import ClusterConnection
import Glibc
import LabKit

/// What a partner costs, in instructions, and whether it became more.
struct Perf: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Count what a partner costs, and find what made it cost more.",
        discussion: """
            The scenarios of Lab/perf run on User-Mode Linux with ccmd under Valgrind's callgrind, which counts its \
            instructions by function. All chance has a seed and code takes no time there, so two records of one commit are the \
            same to the last instruction. Not counted are instructions of the kernel; docs/perf.md says more.

            Exit status: 0 nothing is slower, 1 something is, 2 something could not be counted or compared, 64 wrong \
            usage, 130 interrupted.

            Examples:
              ccmlab perf record --output before.json
              ccmlab perf compare before.json after.json
              ccmlab perf compare HEAD~3 HEAD
              ccmlab perf bisect v1.0 HEAD --figure handshake.a
              ccmlab perf check
            """,
        subcommands: [
            PerfRecordCommand.self, PerfCompareCommand.self, PerfCheckCommand.self, PerfBaselineCommand.self,
            PerfHistoryCommand.self, PerfBisectCommand.self,
        ])
}

/// What all of them take.
struct PerfOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What every random number comes from. Another seed gives other counts. Without it: each scenario has its own.",
            valueName: "seed"))
    var seed: UInt64?

    @Option(help: "How many runs are done at once. Without it: one for each processor.")
    var jobs: Int?

    func validate() throws {
        if let jobs, !(1...1_024).contains(jobs) {
            throw ValidationError("--jobs takes a count from 1 to 1024, not \(jobs)")
        }
    }

    /// Counts a program.
    ///
    /// - Parameter evidence: where runs and counts are kept; nil for nowhere.
    func record(
        _ ccmd: String, commit: String, isChanged: Bool, evidence: String? = nil, _ checkout: Checkout,
        _ display: inout Display
    ) async throws -> PerfRecord {
        let folder = try evidence ?? Files.makeOwnFolder("/tmp/ccm-lab-perf.")
        defer { if evidence == nil { Files.removeFolder(folder) } }
        let recorder = PerfRecorder(
            checkout: checkout, ccmd: ccmd, commit: commit, isChanged: isChanged,
            seeds: seed.map { .fixed($0) } ?? .perScenario,
            jobs: jobs ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        return try await recorder.record(in: folder, &display)
    }

    /// Counts the program that was built here.
    func recordOwn(
        _ ccmd: String?, evidence: String? = nil, _ checkout: Checkout, _ display: inout Display
    ) async throws -> PerfRecord {
        let commits = try PerfCommits(checkout)
        return try await record(
            try checkout.ccmd(ccmd), commit: try await commits.commit("HEAD"),
            isChanged: try await commits.isChanged(), evidence: evidence, checkout, &display)
    }

    /// Counts a commit: its program is built first, where it is not there yet.
    func record(
        commit: String, _ commits: PerfCommits, _ checkout: Checkout, _ display: inout Display
    ) async throws -> PerfRecord {
        do {
            let program = try await commits.program(commit, &display)
            return try await record(program, commit: commit, isChanged: false, checkout, &display)
        } catch let error as PerfCommits.Unbuildable {
            throw LabError("\(error)")
        }
    }

    /// Prints progress where somebody looks on.
    static var display: Display {
        Display(progress: Display.isTerminal ? .transient : .none, colours: Display.wantsColours)
    }
}

struct PerfRecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record", abstract: "Count what ccmd costs, and print each figure beside its floor.",
        discussion: """
            The floor is what a program in C takes for the same that does nothing else (Lab/perf/floor.c). Takes about a \
            minute.
            """)

    @OptionGroup var options: PerfOptions

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    @Option(
        help: "The file for the record (docs/perf-record.schema.json). Without it: none is kept.",
        completion: .file())
    var output: String?

    @Option(help: "A folder for the runs with their counts by function, for callgrind_annotate.")
    var evidence: String?

    func run() async throws {
        let command = self
        try await Place.reporting {
            let checkout = try Checkout()
            var display = PerfOptions.display
            let record = try await command.options.recordOwn(
                command.ccmd, evidence: command.evidence.map(Checkout.absolute), checkout, &display)
            if let output = command.output {
                try Files.write(JSONText.pretty(record.json), to: Checkout.absolute(output))
            }
            display.lines(PerfText(colours: display.colours).lines(record))
            display.lines([
                "",
                "commit \(PerfRecorder.short(record.commit))\(record.isChanged ? ", with local changes" : "")",
            ])
        }
    }
}

struct PerfCompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare two records, or two commits.",
        discussion: """
            Each is a file of “ccmlab perf record” or a commit. Of a commit ccmd is built first, in a work tree in the cache \
            folder, and counted by this lab. Of what is slower the functions are named whose counts grew.
            """)

    @Argument(help: "The older: a file or a commit.", completion: .file())
    var old: String

    @Argument(help: "The newer.", completion: .file())
    var new: String

    @OptionGroup var options: PerfOptions
    @OptionGroup var outputs: PerfOutputs

    func run() async throws {
        let command = self
        try await Place.reporting {
            let checkout = try Checkout()
            let commits = try PerfCommits(checkout)
            var display = PerfOptions.display
            var records: [PerfRecord] = []
            for name in [command.old, command.new] {
                if Files.exists(name), !Files.isFolder(name) {
                    records.append(try PerfRecord(file: name))
                } else {
                    let commit = try await commits.commit(name)
                    records.append(
                        try await command.options.record(commit: commit, commits, checkout, &display))
                }
            }
            display.clear()
            try await command.outputs.tell(try PerfComparison(records[0], records[1]), &display)
        }
    }
}

/// Where a comparison goes.
struct PerfOutputs: ParsableArguments {
    @Option(help: "A file for the comparison as JUnit XML.", completion: .file())
    var junit: String?

    @Option(help: "A file for the comparison as a page for a browser.", completion: .file())
    var html: String?

    /// Prints it, writes it, and ends with the status that it deserves.
    func tell(_ comparison: PerfComparison, _ display: inout Display) async throws {
        let names = await FunctionNames.demangled(comparison.rows.flatMap { $0.blame.map(\.function) })
        display.lines(PerfText(colours: display.colours, names: names).lines(comparison))
        if let junit { try Files.write(PerfJUnit.xml(comparison), to: Checkout.absolute(junit)) }
        if let html {
            try Files.write(PerfPage.html(comparison, names: names), to: Checkout.absolute(html))
        }
        if comparison.isSlower { throw Status.didNotHold }
        if !comparison.isWhole { throw Status.notCarriedOut }
    }
}

struct PerfCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compare what was built here with the baseline.",
        discussion: """
            The baseline is the record in Lab/baselines that was made in an environment like this one. Where there is none, \
            the commit of the latest baseline is built and counted here instead.
            """)

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    @OptionGroup var options: PerfOptions
    @OptionGroup var outputs: PerfOutputs

    func run() async throws {
        let command = self
        try await Place.reporting {
            let checkout = try Checkout()
            let baselines = PerfBaselines(checkout)
            var display = PerfOptions.display
            let new = try await command.options.recordOwn(command.ccmd, checkout, &display)
            var old = try baselines.record(of: new.environment)
            if old == nil {
                guard let latest = try baselines.all().last else {
                    throw LabError(
                        "Lab/baselines holds no record; “ccmlab perf baseline --reason ...” makes one")
                }
                display.lines([
                    "no baseline is of this environment; counting \(PerfRecorder.short(latest.commit)) here"
                ])
                old = try await command.options.record(
                    commit: latest.commit, try PerfCommits(checkout), checkout, &display)
            }
            display.clear()
            guard let old else { return }
            try await command.outputs.tell(try PerfComparison(old, new), &display)
        }
    }
}

struct PerfBaselineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Make the present commit the baseline of this environment.")

    @Option(help: "Why: it is kept in Lab/baselines/REASONS.md.")
    var reason: String

    @Option(help: "The partner program. Without it: ccmd beside ccmlab.")
    var ccmd: String?

    @OptionGroup var options: PerfOptions

    func validate() throws {
        if reason.allSatisfy(\.isWhitespace) || reason.contains("\n") {
            throw ValidationError(
                "--reason takes one line that says why, such as “the handshake checks one word more”")
        }
        if options.seed != nil { throw ValidationError("baselines are counted without --seed") }
    }

    func run() async throws {
        let command = self
        try await Place.reporting {
            let checkout = try Checkout()
            var display = PerfOptions.display
            guard try await !PerfCommits(checkout).isChanged() else {
                throw LabError(
                    "the work tree has local changes: a baseline is that of a commit; commit them first")
            }
            let record = try await command.options.recordOwn(command.ccmd, checkout, &display)
            let file = try PerfBaselines(checkout).replace(with: record, reason: command.reason)
            display.lines(PerfText(colours: display.colours).lines(record) + ["", "baseline: \(file)"])
        }
    }
}

struct PerfHistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show where figures changed over the records of a folder.",
        discussion: "Records are ordered by their commits, along the first parents of HEAD.")

    @Argument(help: "A folder with records: FILE.json of “ccmlab perf record”.", completion: .directory)
    var folder: String

    @Option(help: "A file for plots, as a page for a browser.", completion: .file())
    var html: String?

    func run() async throws {
        let command = self
        try await Place.reporting {
            let checkout = try Checkout()
            let order = try await PerfCommits(checkout).upTo("HEAD")
            let history = try PerfHistory(folder: Checkout.absolute(command.folder), order: order)
            var display = PerfOptions.display
            display.lines(PerfText(colours: display.colours).lines(history))
            if let html = command.html {
                try Files.write(PerfPage.html(history), to: Checkout.absolute(html))
            }
        }
    }
}

struct PerfBisectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bisect", abstract: "Find the commit that made a figure worse.",
        discussion: """
            Builds and counts commits between the two, along the first parents, and halves what is left each time. A commit \
            that does not build or run is skipped, and says nothing of its speed.
            """)

    @Argument(help: "A commit that is good.")
    var good: String

    @Argument(help: "A later one that is bad.")
    var bad: String

    @Option(help: "The figure. Without it: the one that became worst.")
    var figure: String?

    @OptionGroup var options: PerfOptions

    func run() async throws {
        let command = self
        try await Place.reporting { try await command.bisect() }
    }

    private func bisect() async throws {
        let checkout = try Checkout()
        let commits = try PerfCommits(checkout)
        var display = PerfOptions.display
        let (first, last) = (try await commits.commit(good), try await commits.commit(bad))
        let path = try await commits.between(first, last)
        guard path.last == last else {
            throw LabError(
                "\(bad) is not reached from \(good) along first parents: there is nothing to halve")
        }
        let old = try await options.record(commit: first, commits, checkout, &display)
        let new = try await options.record(commit: last, commits, checkout, &display)
        let row = try Self.row(of: figure, in: try PerfComparison(old, new))
        guard let low = row.old, let high = row.new else {
            throw LabError("\(row.name) is not counted in both commits")
        }
        display.lines([
            "\(row.name): \(low) at \(PerfRecorder.short(first)), \(high) at \(PerfRecorder.short(last))"
        ])
        var search = PerfBisection(path)
        search.note(.bad(high), of: path.count - 1)
        while let next = search.next {
            let outcome = try await outcome(
                of: path[next], row.name, limit: (low + high) / 2, commits, checkout, &display)
            search.note(outcome, of: next)
            display.lines(["\(PerfRecorder.short(path[next])): \(Self.words(outcome))"])
        }
        let suspects = search.finding.suspects
        display.lines([""])
        for suspect in suspects {
            display.lines(["\(PerfRecorder.short(suspect)) \(await commits.subject(suspect))"])
        }
        let isOne = suspects.count == 1
        display.lines([
            isOne ? "is the first bad commit" : "are the commits one of which is the first bad one"
        ])
    }

    private func outcome(
        of commit: String, _ figure: String, limit: Double, _ commits: PerfCommits, _ checkout: Checkout,
        _ display: inout Display
    ) async throws -> PerfBisection.Outcome {
        do {
            let record = try await options.record(commit: commit, commits, checkout, &display)
            guard let value = record.figures.first(where: { $0.name == figure })?.value else {
                return .skipped("it has no figure \(figure)")
            }
            return value > limit ? .bad(value) : .good(value)
        } catch let error as LabError {
            return .skipped(error.description)
        }
    }

    private static func row(of figure: String?, in comparison: PerfComparison) throws -> PerfComparison.Row {
        if let figure {
            guard let row = comparison.rows.first(where: { $0.name == figure }) else {
                throw LabError(
                    "there is no figure “\(figure)”; there are \(comparison.rows.map(\.name).joined(separator: ", "))"
                )
            }
            guard row.verdict == .slower else {
                throw LabError("\(figure) is \(row.verdict.rawValue), not slower")
            }
            return row
        }
        let slower = comparison.rows.filter { $0.verdict == .slower }
        guard let worst = slower.max(by: { ($0.change ?? 0) < ($1.change ?? 0) }) else {
            throw LabError("no figure is slower at the second commit")
        }
        return worst
    }

    private static func words(_ outcome: PerfBisection.Outcome) -> String {
        switch outcome {
        case .good(let value): "good (\(value))"
        case .bad(let value): "bad (\(value))"
        case .skipped(let reason): "skipped: \(reason)"
        }
    }
}
