import Glibc
import Synchronization
import Testing

@testable import PartnerRuntime

/// What queue pairs are destroyed like: beside the heartbeats, and what they were made from where it was made.
@Suite("Destroying queue pairs")
struct ReaperTests {
    /// Where something ended, and in which order.
    private final class Ledger: Sendable {
        let ends = Mutex<[(name: String, thread: pthread_t)]>([])
        var names: [String] { ends.withLock { $0.map(\.name) } }
        func thread(of name: String) -> pthread_t? { ends.withLock { $0.first { $0.name == name }?.thread } }
    }

    /// Stands for a queue pair, or for what one was made from.
    private final class Thing {
        private let name: String
        private let ledger: Ledger
        /// What its end waits for, as that of a queue pair waits for the last packet.
        private let gate: Gate?

        init(_ name: String, _ ledger: Ledger, waitingFor gate: Gate? = nil) {
            self.name = name
            self.ledger = ledger
            self.gate = gate
        }

        deinit {
            gate?.pass()
            ledger.ends.withLock { $0.append((name, pthread_self())) }
        }
    }

    /// Closed until it is opened.
    private final class Gate: Sendable {
        private let reading: Int32
        private let writing: Int32

        init() {
            var pair: [Int32] = [0, 0]
            pipe(&pair)
            (reading, writing) = (pair[0], pair[1])
        }

        deinit { close(reading) }

        func open() { close(writing) }

        func pass() {
            var byte: UInt8 = 0
            _ = read(reading, &byte, 1)
        }
    }

    private func awaitReport(of reaper: Reaper) {
        var descriptor = pollfd(fd: reaper.fileDescriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&descriptor, 1, 10_000) == 1, "nothing was reported")
    }

    @Test("they go on another thread, and what they were made from goes on the one that gave them away")
    func threads() throws {
        let reaper = try Reaper()
        // Often: the report must be the last that the other thread does.
        for _ in 0..<1_000 {
            let ledger = Ledger()
            reaper.take(Remains(of: [Thing("queue pair", ledger)], on: [Thing("completion queue", ledger)]))
            awaitReport(of: reaper)
            #expect(ledger.names == ["queue pair"])
            reaper.release()
            #expect(ledger.names == ["queue pair", "completion queue"])
            let there = try #require(ledger.thread(of: "queue pair"))
            let here = try #require(ledger.thread(of: "completion queue"))
            #expect(pthread_equal(there, pthread_self()) == 0)
            #expect(pthread_equal(here, pthread_self()) != 0)
        }
    }

    @Test("whoever gives them away does not wait, and they go in order")
    func comesBack() throws {
        let ledger = Ledger()
        let gate = Gate()
        let reaper = try Reaper()
        reaper.take(Remains(of: [Thing("stuck", ledger, waitingFor: gate)], on: []))
        reaper.take(Remains(of: [Thing("behind it", ledger)], on: []))
        #expect(ledger.names == [])
        gate.open()
        while ledger.names.count < 2 { awaitReport(of: reaper); reaper.release() }
        #expect(ledger.names == ["stuck", "behind it"])
    }

    @Test("what there is no room for goes at once")
    func bounded() throws {
        let ledger = Ledger()
        let gate = Gate()
        let reaper = try Reaper()
        reaper.take(Remains(of: [Thing("stuck", ledger, waitingFor: gate)], on: []))
        for _ in 0...Reaper.limit { reaper.take(Remains(of: [Thing("more", ledger)], on: [])) }
        // The first may still have waited when the others came, or not.
        #expect((1...2).contains(ledger.names.count))
        gate.open()
    }

    @Test("the reaper ends when all are gone")
    func end() throws {
        let ledger = Ledger()
        do {
            let reaper = try Reaper()
            for number in 0..<10 { reaper.take(Remains(of: [Thing("\(number)", ledger)], on: [])) }
        }
        #expect(ledger.names == (0..<10).map { "\($0)" })
    }
}
