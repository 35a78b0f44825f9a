import Testing

@testable import LabKit

struct ShardTests {
    @Test func everyRunBelongsToExactlyOnePart() throws {
        let parts = try (1...5).map { try #require(Shard(text: "\($0)/5")) }
        for number in 0..<1_000 {
            let title = "scenario-\(number) skew=\(number * 7)ms"
            #expect(parts.count { $0.contains(title) } == 1, "\(title)")
        }
    }

    /// Machines of a later day, or of another kind, divide the same way.
    @Test func whereARunBelongsNeverChanges() throws {
        let titles = ["a-first", "b-first", "both-at-once", "skew-sweep skew=-100ms", "soak-7-01", "x"]
        let parts = try (1...3).map { try #require(Shard(text: "\($0)/3")) }
        #expect(titles.map { title in parts.firstIndex { $0.contains(title) } } == [1, 1, 2, 2, 0, 2])
    }

    @Test func thePartsAreOfAboutTheSameSize() throws {
        let part = try #require(Shard(text: "2/4"))
        let count = (0..<4_000).count { part.contains("run \($0)") }
        #expect((800...1_200).contains(count), "\(count) of 4000")
    }

    @Test func theWholeHasEverything() {
        #expect((0..<100).allSatisfy { Shard.whole.contains("run \($0)") })
    }

    @Test(arguments: ["", "1", "/", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/1001", " 1/2", "1 /2"])
    func whatIsNoPartIsRefused(_ text: String) { #expect(Shard(text: text) == nil) }
}
