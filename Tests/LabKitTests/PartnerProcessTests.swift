import ClusterConnection
import Glibc
import Subprocess
import Testing

@testable import LabKit

/// A partner is a process, with what it starts.
struct PartnerProcessTests {
    // MARK: Standing still

    /// Runs a shell that leads a group, until it has printed a line, and ends it with its group.
    private static func withShell(
        _ script: String, _ body: @escaping @Sendable (pid_t) async throws -> Void
    ) async throws {
        _ = try await Subprocess.run(
            .name("sh"), arguments: ["-c", script], platformOptions: Tool.ownGroup, input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            let pid = execution.processIdentifier.value
            defer { kill(-pid, SIGKILL) }
            var chunks = execution.standardOutput.makeAsyncIterator()
            _ = try await chunks.next()
            try await body(pid)
        }
    }

    /// However busy the host is, which the laboratory's own patience does not reckon with.
    private static func standsAndRunsAgain(_ pid: pid_t) async throws {
        kill(-pid, SIGSTOP)
        try await PartnerProcess.wait(for: pid, stopped: true, within: .seconds(60))
        kill(-pid, SIGCONT)
        try await PartnerProcess.wait(for: pid, stopped: false, within: .seconds(60))
    }

    @Test func aChildThatHasEndedNeedNotStand() async throws {
        // The shell becomes a program that never waits for the child.
        try await Self.withShell("sh -c 'echo ended' & exec sleep 3600") { pid in
            let children = try #require(Files.text(of: "/proc/\(pid)/task/\(pid)/children"))
            let child = try #require(children.split(separator: " ").first)
            let limit = MonotonicClock.now + .seconds(10)
            while Files.text(of: "/proc/\(child)/stat")?.contains(") Z ") != true {
                try #require(MonotonicClock.now < limit)
                try await Task.sleep(for: .milliseconds(1))
            }
            try await Self.standsAndRunsAgain(pid)
        }
    }

    @Test func aChildThatHasLeftTheGroupNeedNotStand() async throws {
        // It goes with its standard input: at the end of its parent, which the pipe comes from.
        let script = "sleep 3600 | setsid sh -c 'echo $$; exec cat >/dev/null' & exec sleep 3600"
        try await Self.withShell("\(script)") { try await Self.standsAndRunsAgain($0) }
    }

    @Test func aChildInTheGroupHasToStand() async throws {
        try await Self.withShell("sleep 3600 & echo $!; exec sleep 3600") { pid in
            // The parent alone.
            kill(pid, SIGSTOP)
            await #expect(throws: LabError.self) {
                try await PartnerProcess.wait(for: pid, stopped: true, within: .milliseconds(200))
            }
            try await Self.standsAndRunsAgain(pid)
        }
    }

    // MARK: What belongs to it

    @Test func itsMembersAreAllOfItsGroupThatRun() async throws {
        // The first sleeper loses its parent, the second is a child, and its reader leaves the group.
        let script = """
            (sleep 3600 >/dev/null &)
            sleep 3600 | setsid sh -c 'echo $$; exec cat >/dev/null' &
            exec sleep 3600
            """
        try await Self.withShell(script) { pid in
            let members = ProcessPlace.members(of: pid)
            #expect(members.contains(pid))
            #expect(members.count == 3, "\(members)")
            let children = try #require(Files.text(of: "/proc/\(pid)/task/\(pid)/children"))
            #expect(
                !members.isSubset(of: Set(children.split(separator: " ").compactMap { pid_t($0) } + [pid])))
        }
    }

    // MARK: The program

    @Test(arguments: ["plain", "a=b"])
    func aProgramIsStartedWithItsVariablesWhateverItsPath(_ name: String) async throws {
        let root = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
        defer { Files.removeFolder(root) }
        try Files.makeFolder("\(root)/\(name)")
        let program = "\(root)/\(name)/partner"
        try Files.write("#!/bin/sh\necho \"$CCM_PARTNER $PWD $*\"\n", to: program)
        chmod(program, 0o755)
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + "partners: { b: { command: [\(name)/partner, '--x=1'] } }\n",
            file: "test.yaml")
        let process = try PartnerProcess(
            .b, of: scenario, configuration: "/b.yaml", ccmd: "ccmd", root: root)
        let words = process.words
        let outcome = try await Tool.run(try #require(words.first), Array(words.dropFirst()))
        #expect(outcome.output == "b \(root) --x=1 /b.yaml\n", "\(outcome.complaint)")
    }
}
