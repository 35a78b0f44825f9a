import ClusterConnection
import Glibc
import Testing

@testable import PartnerRuntime

@Suite("Control socket")
struct ControlSocketTests {
    private let path = "/tmp/ccm-lab-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"

    /// Nobody listens, or nobody asked.
    private struct Silence: Error {}

    /// Somebody who is let in.
    private func knock(at control: inout ControlSocket, saying line: String = "") throws -> OwnedDescriptor {
        guard let client = UnixSocket.connect(to: path) else { throw Silence() }
        let bytes = Array(line.utf8)
        #expect(write(client.number, bytes, bytes.count) == bytes.count)
        control.admit { _ in }
        return client
    }

    private func question(at control: inout ControlSocket) throws -> ControlSocket.Question {
        guard let question = control.nextQuestion() else { throw Silence() }
        return question
    }

    private func expectSilence(at control: inout ControlSocket) {
        let isSilent = control.nextQuestion() == nil
        #expect(isSilent)
    }

    /// All that is answered, to the end of the connection; nil when there is no answer and no end yet.
    private func answer(to client: borrowing OwnedDescriptor) -> String? {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = recv(client.number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test("who asks for the state gets it as one JSON line")
    func answers() throws {
        var control = try ControlSocket(path: path)
        let client = try knock(at: &control, saying: "status\n")
        let question = try question(at: &control)
        #expect(question.request == .status)
        control.answer(question) { $0.field("partner", text: "a") }
        #expect(answer(to: client) == "{\"partner\":\"a\"}\n")
        expectSilence(at: &control)
        control.remove()
        #expect(access(path, F_OK) != 0)
    }

    @Test("every request is understood as it is written, and nothing else is one")
    func requests() {
        for request in [.status] + ControlRequest.announced.map({ ControlRequest.announce($0) }) {
            #expect(ControlRequest(line: request.line) == request)
            #expect(request.line.utf8.count <= ControlRequest.limit)
        }
        let others = [
            "", "\n", "status", "status\nstatus\n", "announce\n", "announce poweredOn\n",
            "announce shuttingDown\n",
        ]
        for line in others { #expect(ControlRequest(line: line) == nil, "“\(line)”") }
    }

    @Test("a question that is none of the requests is one that can be refused")
    func unknownRequest() throws {
        var control = try ControlSocket(path: path)
        defer { control.remove() }
        for line in ["GET / HTTP/1.0\r\n\r\n", String(repeating: "x", count: 100_000), "\u{0}\n", "status"] {
            let client = try knock(at: &control, saying: line)
            let question = try question(at: &control)
            #expect(question.request == nil)
            control.answer(question) { $0.field("refused", text: "so") }
            #expect(answer(to: client) == "{\"refused\":\"so\"}\n")
        }
    }

    @Test("who says nothing keeps nobody from an answer, and gets one when he asks")
    func silentOne() throws {
        var control = try ControlSocket(path: path)
        defer { control.remove() }
        let silent = try knock(at: &control)
        expectSilence(at: &control)
        let client = try knock(at: &control, saying: "status\n")
        control.answer(try question(at: &control)) { $0.field("n", 1) }
        #expect(answer(to: client) == "{\"n\":1}\n")
        #expect(answer(to: silent) == nil)
        #expect(write(silent.number, "status\n", 7) == 7)
        control.answer(try question(at: &control)) { $0.field("n", 2) }
        #expect(answer(to: silent) == "{\"n\":2}\n")
    }

    @Test("of those who say nothing no more than a few are let stay")
    func silentOnes() throws {
        var control = try ControlSocket(path: path)
        defer { control.remove() }
        let first = try knock(at: &control)
        let second = try knock(at: &control)
        for _ in 1..<ControlSocket.patience {
            // Its own end is closed at once, which the socket learns when it listens.
            _ = try knock(at: &control)
        }
        #expect(answer(to: first) == "")
        #expect(answer(to: second) == nil)
        expectSilence(at: &control)
        #expect(answer(to: second) == nil)
    }

    @Test("who hangs up before the answer ends nothing")
    func hangsUp() throws {
        var control = try ControlSocket(path: path)
        defer { control.remove() }
        do { _ = try knock(at: &control, saying: "status\n") }
        let question = try question(at: &control)
        control.answer(question) { $0.field("partner", text: "a") }
        expectSilence(at: &control)
    }

    @Test("the socket that a killed process left behind is replaced")
    func replacesStale() throws {
        do { _ = try ControlSocket(path: path) }
        #expect(access(path, F_OK) == 0)
        let control = try ControlSocket(path: path)
        control.remove()
    }

    @Test("the socket of a process that lives is not taken from it")
    func leavesLiving() throws {
        let first = try ControlSocket(path: path)
        #expect(throws: RuntimeError.self) { _ = try ControlSocket(path: path) }
        first.remove()
    }

    @Test("a file that is no socket stays, and the error names it")
    func leavesFiles() throws {
        #expect(close(open(path, O_CREAT | O_WRONLY, 0o600)) == 0)
        #expect(throws: RuntimeError.self) { _ = try ControlSocket(path: path) }
        #expect(access(path, F_OK) == 0)
        unlink(path)
    }

    @Test("asking a process that stands still ends, and says so")
    func standsStill() throws {
        let control = try ControlSocket(path: path)
        do throws(RuntimeError) {
            _ = try ControlClient.ask(.status, at: path, seconds: 1)
            Issue.record("an answer from a process that did not run")
        } catch {
            #expect(error.description.contains("does not answer within 1 s"))
        }
        control.remove()
    }

    @Test("asking where nobody is says so")
    func nobody() {
        do throws(RuntimeError) {
            _ = try ControlClient.ask(.status, at: path)
            Issue.record("an answer from nobody")
        } catch {
            #expect(error.description.contains("no partner process was started with this control path"))
        }
    }
}
