import Testing

@testable import ClusterConnection

struct TimeTests {
    @Test func spansStayAtTheLongestRatherThanWrapAround() {
        let longest = TimeSpan(nanoseconds: .max)
        #expect(TimeSpan.seconds(.max) == longest)
        #expect(longest + .nanoseconds(1) == longest)
        #expect(longest * 2 == longest)
        #expect(TimeSpan.seconds(3) / 0 == .seconds(3))
        #expect(TimeSpan.seconds(3) / 2 == .milliseconds(1500))
        #expect(TimeSpan.microseconds(1) < .milliseconds(1))
    }

    @Test func instantsStayAtTheLastAndNeverRunBackwards() {
        let last = Instant(nanoseconds: .max)
        #expect(last + .nanoseconds(1) == last)
        #expect(Instant.start - last == .zero)
        #expect((Instant.start + .milliseconds(5)) - Instant.start == .milliseconds(5))
    }
}
