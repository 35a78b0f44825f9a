import ClusterConnection
import Foundation
import Glibc
import Testing

@testable import LabKit

/// What a kept machine answers comes over a console, in pieces, and behind what others were told.
struct DoorTests {
    private static func answer(_ text: String) throws -> (output: String, status: Int32)? {
        try Door.answer(to: "ask-7", in: Array(text.utf8))
    }

    @Test func anAnswerIsWholeOrNotThere() throws {
        let whole = "ask-7 6 3\nhello\n"
        for count in 0..<whole.utf8.count {
            #expect(try Self.answer(String(whole.prefix(count))) == nil, "\(count)")
        }
        let answer = try #require(try Self.answer(whole))
        #expect(answer.output == "hello\n" && answer.status == 3)
        #expect(try Self.answer("ask-7 0 0\n")?.output == "")
    }

    @Test func whatSomebodyElseAskedIsPassedOver() throws {
        #expect(try Self.answer("put\nask-70 2 0\nx\nask-7 3 1\nyes")?.output == "yes")
        #expect(try Self.answer("ask-6 9999 0\nhalf an ans") == nil)
    }

    @Test(arguments: ["ask-7 six 0\n", "ask-7 -1 0\n", "ask-7 1\n", "ask-7 99999999999999999999 0\n"])
    func whatMakesNoSenseIsRefused(_ text: String) {
        #expect(throws: LabError.self) { try Self.answer(text) }
    }

    @Test func aCommandHasBegunWhenItsWordStandsAlone() {
        func hasBegun(_ text: String) -> Bool { Door.hasBegun("ask-7", in: Array(text.utf8)) }
        #expect(hasBegun("ask-7\n") && hasBegun("half an answerask-7\n"))
        #expect(!hasBegun("ask-7") && !hasBegun("ask-70\n") && !hasBegun("ask-7 0 0\n"))
    }

    // MARK: A console

    /// A console that somebody else has: whoever comes waits in its queue.
    private final class Console {
        let folder: String
        let socket: CInt

        init() throws {
            folder = try Files.makeOwnFolder("/tmp/ccm-lab-test.")
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/commands".utf8) }
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
            try #require(isBound && listen(socket, 0) == 0)
        }

        /// Has a thread of its own answer whoever comes first: all others may be busy with other tests.
        func serve(_ answer: @escaping @Sendable (_ client: CInt) -> Void) {
            let socket = socket
            Thread.detachNewThread {
                let client = accept(socket, nil, nil)
                answer(client)
                close(client)
            }
        }

        deinit {
            close(socket)
            Files.removeFolder(folder)
        }
    }

    private static func problem(_ door: Door, _ command: String) -> String {
        do {
            return "answered: \(try door.ask(command))"
        } catch {
            return "\(error)"
        }
    }

    @Test func whoIsNotHeardSaysThatSomebodyElseIs() throws {
        let console = try Console()
        let door = Door(console.folder, patience: .milliseconds(200))
        // The first of them stands in the queue, which is full for the second.
        for _ in 1...2 {
            let problem = Self.problem(door, "true")
            #expect(problem.contains("/commands is busy") && problem.contains("Ctrl-C"), "\(problem)")
        }
    }

    @Test func whoIsHeardWaitsAsLongAsTheCommandTakes() throws {
        let console = try Console()
        console.serve { client in
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = read(client, &chunk, chunk.count)
            let asked = String(decoding: chunk.prefix(max(count, 0)), as: UTF8.self).dropLast()
                .split(separator: " ", maxSplits: 1).map(String.init)
            Display.write("\(asked[0])\n", to: client)
            // Longer than the patience.
            usleep(1_500_000)
            Display.write("\(asked[0]) \(asked[1].utf8.count) 4\n\(asked[1])", to: client)
        }
        let (output, status) = try Door(console.folder, patience: .seconds(1)).ask("sleep 1")
        #expect(output == "sleep 1" && status == 4)
    }

    @Test func aMachineThatGoesIsToldAndEndsNobody() throws {
        let console = try Console()
        // It goes while it is still being told.
        console.serve { _ in }
        let problem = Self.problem(Door(console.folder), String(repeating: "x", count: 1 << 22))
        #expect(problem.contains("the machine is gone"), "\(problem.prefix(200))")
    }

    @Test func whoWaitsCanBeCancelled() async throws {
        let console = try Console()
        let folder = console.folder
        let answer = Task.detached { try Door(folder).ask("true") }
        answer.cancel()
        await #expect(throws: CancellationError.self) { _ = try await answer.value }
        withExtendedLifetime(console) {}
    }

    @Test func aLineBreakIsRefusedAndNotRunAsASecondCommand() {
        for command in ["sh -c 'echo\nreboot'", "true\r\nfalse"] {
            let problem = Self.problem(Door("/nowhere"), command)
            #expect(problem.contains("a command of one line"), "\(problem)")
        }
    }
}
