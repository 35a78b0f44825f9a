import ClusterConnection
import Foundation
import PartnerRuntime

/// Sends numbers to and fro between the partners: each adds one, writes it into the other's memory and rings its
/// bell. Uses a send, a write with a number, a read, and says on standard output how far it came.
///
/// Both partners begin a row of their own, so two are under way at once. Each row has its own word of memory, and the
/// bell's number says whose row it is: its lowest bit is set where the row is the ringer's own.
final class Relay: Client {
    let demand: ClientDemand
    private var partner = Incarnation.none

    /// What the port had no room for yet, in order.
    private var waiting: [Step] = []

    private enum Step {
        case write(UInt32, ofOwnRow: Bool)
        case readBack(ofOwnRow: Bool)
    }

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
            waiting = []
            say("ready: \(ports) port, \(memory) bytes")
            // Both begin; a message tells the other that somebody is here.
            let hello: [UInt8] = Array("hello".utf8)
            do throws(PortError) {
                try services.send(hello.span.bytes, at: 0)
            } catch {
                say("refused: \(error)")
            }
            pass(1, ofOwnRow: true, services)
        case .lost(let incarnation, let loss):
            say("lost: \(incarnation == partner), \(loss.verdict.map { "\($0.name)" } ?? "none")")
        default: break
        }
    }

    func received(_ message: RawSpan, immediate: UInt32?, at port: Int, _ services: ClientServices) {
        guard let immediate else { return say("message: \(message.byteCount) bytes") }
        let isOwnRow = immediate & 1 == 0
        let number = immediate >> 1
        let place = Self.place(isWritersRow: !isOwnRow)
        let written = services.withSharedBytes { $0.unsafeLoad(fromByteOffset: place, as: UInt32.self) }
        guard written == number else { return say("bell \(number) with \(written) in memory") }
        pass(number + 1, ofOwnRow: isOwnRow, services)
    }

    func completed(_ work: FinishedWork, _ services: ClientServices) {
        guard work.outcome == .success else { return say("failed: \(work.outcome.name)") }
        if work.kind == .read {
            let read = services.withLocalBytes { $0.unsafeLoad(fromByteOffset: 32, as: UInt32.self) }
            // The last number came from the partner; the one before it is what this side wrote there.
            say("read back: \(read == Self.rounds - 1)")
        }
        let steps = waiting
        waiting = []
        for step in steps { take(step, services) }
    }

    private func pass(_ number: UInt32, ofOwnRow isOwnRow: Bool, _ services: ClientServices) {
        guard number > Self.rounds else { return take(.write(number, ofOwnRow: isOwnRow), services) }
        say("rounds: \(Self.rounds)")
        take(.readBack(ofOwnRow: isOwnRow), services)
    }

    /// Posts a step, or keeps it until something has completed: the partner may answer a write before its acknowledgement
    /// is here, and the port counts the write until then.
    private func take(_ step: Step, _ services: ClientServices) {
        do throws(PortError) {
            try post(step, services)
        } catch .wouldBlock {
            waiting.append(step)
        } catch {
            say("refused: \(error)")
        }
    }

    private func post(_ step: Step, _ services: ClientServices) throws(PortError) {
        switch step {
        case .write(let number, let isOwnRow):
            let place = Self.place(isWritersRow: isOwnRow)
            services.withMutableLocalBytes { $0.storeBytes(of: number, toByteOffset: place, as: UInt32.self) }
            try services.write(
                at: 0, from: place, byteCount: 4, to: place, immediate: number << 1 | (isOwnRow ? 1 : 0))
        case .readBack(let isOwnRow):
            try services.read(
                at: 0, into: 32, byteCount: 4, from: Self.place(isWritersRow: isOwnRow))
        }
    }

    /// Where a number lies in the memory of the one it is for.
    private static func place(isWritersRow: Bool) -> Int { isWritersRow ? 0 : 4 }
}

/// A line on standard output, at once: whoever waits for it reads a file.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
