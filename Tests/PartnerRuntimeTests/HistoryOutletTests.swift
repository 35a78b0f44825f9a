import ClusterConnection
import Foundation
import Glibc
import Testing

@testable import PartnerRuntime

@Suite("History outlet")
struct HistoryOutletTests {
    /// The two ends of a pipe, or of a pair of sockets.
    private static func ends(sockets: Bool) throws -> (reader: Int32, writer: Int32) {
        var numbers: [Int32] = [-1, -1]
        let made =
            sockets ? socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers) : pipe(&numbers)
        try #require(made == 0)
        return (numbers[0], numbers[1])
    }

    private static func history(at writer: Int32) -> HistoryWriter {
        HistoryWriter(
            outlet: HistoryOutlet(descriptor: writer), partner: "a", incarnation: Incarnation(value: 7),
            delay: .milliseconds(2))
    }

    /// All that can be read at once.
    private static func take(_ reader: Int32, atMost limit: Int = .max) -> [UInt8] {
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < limit {
            let count = read(reader, &chunk, min(chunk.count, limit - bytes.count))
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    private struct Line: Decodable {
        var event: String
        var droppedBefore: Int?
    }

    private static func lines(_ bytes: [UInt8]) throws -> [Line] {
        try bytes.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Line.self, from: Data($0))
        }
    }

    @Test(
        "a reader that stands still holds nothing up; later it reads whole lines, and how many it missed",
        arguments: [true, false])
    func standsStill(sockets: Bool) throws {
        let (reader, writer) = try Self.ends(sockets: sockets)
        defer {
            close(reader)
            close(writer)
        }
        var history = Self.history(at: writer)
        // Would not come back if it waited: nobody reads.
        var written = 0
        while history.dropped < 10 {
            history.write(.started, at: Instant(nanoseconds: UInt64(written))) {
                $0.field("text", text: String(repeating: "x", count: 3_000 + written % 7))
            }
            written += 1
            try #require(written < 10_000, "a buffer without end")
        }
        var bytes: [UInt8] = []
        // A little room each time: less than a line, so that the rest of one is taken before the next.
        for _ in 0..<40 {
            bytes += Self.take(reader, atMost: 2_000)
            history.write(.stopped, at: Instant(nanoseconds: 1)) { _ in }
            written += 1
        }
        let missedAtTheEnd = Int(history.dropped)
        bytes += Self.take(reader)
        history.flush(at: Instant(nanoseconds: 2))
        bytes += Self.take(reader)
        let lines = try Self.lines(bytes)
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(lines.contains { $0.event == "stopped" })
        let missed = lines.reduce(0) { $0 + ($1.droppedBefore ?? 0) }
        #expect(missed >= 10)
        #expect(lines.count + missed + missedAtTheEnd == written)
    }

    @Test("the rest of a line is due some time later, and nothing is when there is none")
    func retries() throws {
        let (reader, writer) = try Self.ends(sockets: true)
        defer {
            close(reader)
            close(writer)
        }
        var history = Self.history(at: writer)
        let now = Instant(nanoseconds: 5)
        var count = 0
        while history.due == nil, count < 10 {
            history.write(.started, at: now) {
                $0.field("text", text: String(repeating: "x", count: 1_000_000))
            }
            count += 1
        }
        #expect(history.due == now + HistoryWriter.pause)
        history.flush(at: now + HistoryWriter.pause)
        #expect(history.due == now + HistoryWriter.pause + HistoryWriter.pause)
        var bytes: [UInt8] = []
        for _ in 0..<100 where history.due != nil {
            bytes += Self.take(reader)
            history.flush(at: now)
        }
        #expect(history.due == nil)
        bytes += Self.take(reader)
        #expect(try Self.lines(bytes).count == count - Int(history.dropped))
    }

    @Test("a reader that is gone holds nothing up", arguments: [true, false])
    func gone(sockets: Bool) throws {
        let (reader, writer) = try Self.ends(sockets: sockets)
        close(reader)
        defer { close(writer) }
        // As the process does it (TerminationSignals).
        signal(SIGPIPE, SIG_IGN)
        var outlet = HistoryOutlet(descriptor: writer)
        let isTaken = outlet.put(Array("line\n".utf8))
        let hasRest = outlet.hasRest
        #expect(!isTaken && !hasRest)
    }
}
