import ClusterConnection
import Foundation
import PartnerRuntime

/// Sends a number to and fro between the partners: each adds one, writes it into the other's memory and rings its
/// bell. Uses a send, a write with a number, a read, and says on standard output how far it came.
final class Relay: Client {
    let demand: ClientDemand
    private var partner = Incarnation.none
    private var last: UInt32 = 0

    private static let rounds: UInt32 = 100

    init(_ name: Name) {
        demand = ClientDemand(
            ClientInformation(name: name, role: .symmetric, ports: 1, memory: 64),
            receives: 4, messageByteCount: 16, workDepth: 4, localMemory: 64)
    }

    func notified(_ notice: ClientNotice, _ services: ClientServices) {
        switch notice {
        case .ready(let incarnation, let ports, let memory):
            partner = incarnation
            say("ready: \(ports) port, \(memory) bytes")
            // Both begin; a message tells the other that somebody is here.
            let hello: [UInt8] = Array("hello".utf8)
            attempt { () throws(PortError) in try services.send(hello.span.bytes, at: 0) }
            pass(1, services)
        case .lost(let incarnation, let loss):
            say("lost: \(incarnation == partner), \(loss.verdict.map { "\($0.name)" } ?? "none")")
        default: break
        }
    }

    func received(_ message: RawSpan, immediate: UInt32?, at port: Int, _ services: ClientServices) {
        guard let immediate else { return say("message: \(message.byteCount) bytes") }
        let written = services.withSharedBytes { $0.unsafeLoad(fromByteOffset: 0, as: UInt32.self) }
        guard written >= immediate else { return say("bell \(immediate) before its write \(written)") }
        pass(immediate + 1, services)
    }

    func completed(_ work: FinishedWork, _ services: ClientServices) {
        guard work.outcome == .success else { return say("failed: \(work.outcome.name)") }
        guard work.kind == .read else { return }
        let read = services.withLocalBytes { $0.unsafeLoad(fromByteOffset: 32, as: UInt32.self) }
        say("read back: \(read >= Self.rounds)")
    }

    private func pass(_ number: UInt32, _ services: ClientServices) {
        guard number <= Self.rounds else {
            if last <= Self.rounds { say("rounds: \(Self.rounds)") }
            last = number
            return attempt { () throws(PortError) in
                try services.read(at: 0, into: 32, byteCount: 4, from: 0)
            }
        }
        services.withMutableLocalBytes { $0.storeBytes(of: number, toByteOffset: 0, as: UInt32.self) }
        attempt { () throws(PortError) in
            try services.write(at: 0, from: 0, byteCount: 4, to: 0, immediate: number)
        }
    }

    private func attempt(_ work: () throws(PortError) -> Void) {
        do throws(PortError) { try work() } catch { say("refused: \(error)") }
    }
}

/// A line on standard output, at once: whoever waits for it reads a file.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
