import ClusterConnection
import Glibc
import Testing

@testable import LabKit

/// Runs on machines of their own: their seeds, where they are run, and whether they repeat.
struct MachineTests {
    // MARK: Seeds

    @Test func aScenarioHasASeedOfItsOwnThatNeverChanges() {
        let seeds = SeedChoice.perScenario
        #expect(seeds.seed(of: "a-first", repetition: 1) == seeds.seed(of: "a-first", repetition: 1))
        #expect(seeds.seed(of: "a-first", repetition: 1) != seeds.seed(of: "b-first", repetition: 1))
        #expect((100_000..<1_000_000).contains(seeds.seed(of: "a-first", repetition: 1)))
    }

    @Test func eachRepetitionHasTheNextSeed() {
        #expect((1...3).map { SeedChoice.fixed(7).seed(of: "x", repetition: $0) } == [7, 8, 9])
        #expect(SeedChoice.fixed(.max).seed(of: "x", repetition: 2) == 0)
    }

    // MARK: Where

    private static func scenario(_ name: String, _ rest: String = "") throws -> Scenario {
        try ScenarioParser.parse("name: \(name)\nsummary: A test.\n\(rest)", file: "\(name).yaml")
    }

    private static let busy = "load: { busyLoops: 1 }\n"

    @Test func whatUserModeLinuxCannotDoIsDoneInTheVirtualMachineUnlessItWasAskedFor() throws {
        let scenarios = [try Self.scenario("plain"), try Self.scenario("busy", Self.busy)]
        let free = FabricAssignment(scenarios, preferring: .uml, isBinding: false, measuresSpeed: false)
        #expect(free.onMachines.map(\.name) == ["plain"])
        #expect(free.inVM.map(\.name) == ["busy"])
        #expect(free.leftOut.isEmpty)
        let bound = FabricAssignment(scenarios, preferring: .uml, isBinding: true, measuresSpeed: false)
        #expect(bound.inVM.isEmpty)
        #expect(bound.leftOut.map(\.scenario) == ["busy"])
    }

    @Test func speedIsMeasuredWhereCodeTakesTime() throws {
        let scenarios = [try Self.scenario("plain")]
        let assignment = FabricAssignment(scenarios, preferring: .uml, isBinding: false, measuresSpeed: true)
        #expect(assignment.inVM.map(\.name) == ["plain"])
        #expect(assignment.onMachines.isEmpty)
    }

    @Test(arguments: [
        ("0-1", [0, 1]), ("3", [3]), ("0,2-3", [0, 2, 3]), ("", []), ("3-1", []), ("x", []),
    ])
    func aListOfProcessorsIsRead(_ list: String, _ processors: [Int]) {
        #expect(UserModeLinux.processors(in: list) == processors)
    }

    // MARK: Bytes

    private static func line(_ event: HistoryEvent) -> [UInt8] { Array((event.line + "\n").utf8) }

    @Test func theFirstEventThatDiffersIsNamedWithWhatDiffers() {
        func event(_ time: UInt64, _ attempt: Int64) -> HistoryEvent {
            HistoryEvent(
                time: Instant(nanoseconds: time), partner: .b, name: .connectStarted,
                fields: JSONObject([("attempt", .integer(attempt))]))
        }
        let same = Self.line(event(1, 1))
        func sentence(_ one: HistoryEvent, _ other: HistoryEvent) -> String {
            ByteDifference("events.jsonl", same + Self.line(one), same + Self.line(other)).sentence
        }
        #expect(
            sentence(event(20, 1), event(24, 1))
                == "events.jsonl, line 2: b connectStarted at 20 ns, and at 24 ns")
        #expect(
            sentence(event(20, 1), event(20, 2))
                == "events.jsonl, line 2: b connectStarted has attempt 1, and 2")
        let shorter = ByteDifference("events.jsonl", same, same + Self.line(event(20, 1))).sentence
        #expect(shorter == "events.jsonl: line 2 differs, or only one of the two has it")
    }

    @Test func thePacketThatDiffersIsCounted() {
        func packet(_ bytes: [UInt8]) -> [UInt8] {
            [UInt8](repeating: 0, count: 8) + [UInt8(bytes.count), 0, 0, 0, UInt8(bytes.count), 0, 0, 0]
                + bytes
        }
        let header = [UInt8](repeating: 7, count: 24)
        let one = header + packet([1, 2, 3]) + packet([4, 5])
        let other = header + packet([1, 2, 3]) + packet([4, 6])
        #expect(
            ByteDifference("capture.pcap", one, other).sentence
                == "capture.pcap: packet 2 differs, at byte 60")
        // A length that leads out of the file.
        #expect(
            ByteDifference("capture.pcap", header, header + [1]).sentence
                == "capture.pcap: byte 24 differs (24 and 25 bytes)")
    }

    /// Two run folders with one run each, and what is compared of them.
    private static func folders(
        _ change: (String) throws -> Void, fabric: String = "uml", kernel: String = "k"
    ) async throws -> EvidenceComparison {
        let base = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
        defer { Files.removeFolder(base) }
        for name in ["one", "other"] {
            try Files.makeFolder("\(base)/\(name)/run")
            try Files.write("same\n", to: "\(base)/\(name)/run/events.jsonl")
            try Files.write("{}", to: "\(base)/\(name)/run/verdict.json")
            let digest = name == "one" ? "k" : kernel
            try Files.write(
                #"{"fabric": "\#(fabric)", "kernelDigest": "\#(digest)", "userlandDigest": "u"}"#,
                to: "\(base)/\(name)/environment.json")
        }
        try change("\(base)/other/run")
        return try await EvidenceComparison("\(base)/one", "\(base)/other")
    }

    @Test func theSameBytesAreCounted() async throws {
        let comparison = try await Self.folders { _ in }
        #expect(comparison.difference == nil)
        #expect(comparison.lines.last == "the same to the byte: 2 files of 1 run")
        #expect(comparison.lines.allSatisfy { $0.count <= 80 })
    }

    @Test func aByteThatDiffersAndAFileThatOnlyOneHasAreNamed() async throws {
        let changed = try await Self.folders { try Files.write("sane\n", to: "\($0)/events.jsonl") }
        #expect(changed.difference == "run: events.jsonl: line 1 differs, or only one of the two has it")
        let missing = try await Self.folders { unlink("\($0)/verdict.json") }
        #expect(missing.difference == "run: only one of the two has verdict.json")
    }

    @Test func runsThatCannotBeTheSameAreNotCompared() async throws {
        let kernels = await #expect(throws: LabError.self) {
            _ = try await Self.folders({ _ in }, kernel: "l")
        }
        #expect(kernels?.description.contains("kernelDigest is k in one and l in the other") == true)
        let machines = await #expect(throws: LabError.self) {
            _ = try await Self.folders({ _ in }, fabric: "netns in a VM")
        }
        #expect(machines?.description.contains("where nothing repeats to the byte") == true)
    }
}
