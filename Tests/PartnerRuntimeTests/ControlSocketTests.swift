import Glibc
import Testing

@testable import PartnerRuntime

@Suite("Control socket")
struct ControlSocketTests {
    private let path = "/tmp/ccm-lab-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"

    @Test("a client that asks gets the state as one JSON line")
    func answers() throws {
        var control = try ControlSocket(path: path)
        guard let client = UnixSocket.connect(to: path) else {
            Issue.record("nobody listens at \(path)")
            return
        }
        control.answer { $0.field("partner", text: "a") }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(client.number, &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "{\"partner\":\"a\"}\n")
        control.remove()
        #expect(access(path, F_OK) != 0)
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
            _ = try StatusClient.ask(path, seconds: 1)
            Issue.record("an answer from a process that did not run")
        } catch {
            #expect(error.description.contains("does not answer within 1 s"))
        }
        control.remove()
    }

    @Test("asking where nobody is says so")
    func nobody() {
        do throws(RuntimeError) {
            _ = try StatusClient.ask(path)
            Issue.record("an answer from nobody")
        } catch {
            #expect(error.description.contains("no partner process was started with this control path"))
        }
    }
}
