import ClusterConnection
import Glibc
import Testing

@testable import PartnerRuntime

@Suite("the event loop's sources")
struct PollerTests {
    private static let rail = RailID(index: 2)

    /// The two ends of a pipe.
    private static func pipe() throws -> (reader: Int32, writer: Int32) {
        var numbers: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&numbers) == 0)
        return (numbers[0], numbers[1])
    }

    @Test(
        "an error on any source of a rail reports the rail as closed",
        arguments: [
            Sources.completions(of: rail), .connections(of: rail), .device(of: rail), .ports(of: rail),
        ])
    func error(_ source: Sources) throws {
        let ends = try Self.pipe()
        defer { close(ends.reader) }
        let poller = try Poller()
        try poller.add(ends.reader, as: source)
        var byte: UInt8 = 1
        #expect(write(ends.writer, &byte, 1) == 1)
        #expect(try poller.wait(blocks: true) == source)
        #expect(read(ends.reader, &byte, 1) == 1)
        #expect(try poller.wait(blocks: false) == [])
        close(ends.writer)
        #expect(try poller.wait(blocks: true) == [source, .closed(Self.rail)])
    }

    @Test(
        "a rail that is closed is not taken for ports that have something to tell",
        arguments: 0..<UInt8(RailID.limit))
    func closedIsNotPorts(_ index: UInt8) {
        let rail = RailID(index: index)
        #expect(!Sources.closed(rail).hasPorts && Sources.ports(of: rail).hasPorts)
    }

    @Test("an error on what is of no rail closes none")
    func errorElsewhere() throws {
        let ends = try Self.pipe()
        defer { close(ends.reader) }
        let poller = try Poller()
        try poller.add(ends.reader, as: .signals)
        close(ends.writer)
        #expect(try poller.wait(blocks: true) == .signals)
    }
}
