import ClusterConnection
import Testing

@testable import PartnerRuntime

struct MessengerTests {
    /// A partner may come back with other wishes, and with a rail less.
    @Test func fewerPortsThanBeforeAreAskedFromTheFirst() throws {
        let name = try #require(Name("messenger"))
        let messenger = Messenger(name, ports: 4, memory: 64, interval: .milliseconds(10))
        var reports = 0
        let services = try ClientServices(
            messenger, as: ClientID(value: 1), of: Incarnation(value: 1), messenger.demand
        ) { record in
            if record.event == .messengerReport { reports += 1 }
        }
        let partner = Incarnation(value: 2)
        for count: UInt32 in [4, 1, 3, 0, 2] {
            messenger.notified(.ready(partner, ports: count, memory: 64), services)
            for _ in 0..<3 { messenger.woken(services) }
            messenger.notified(.paused(partner), services)
            messenger.notified(.resumed(partner, ports: 1, memory: 64), services)
            messenger.woken(services)
            messenger.notified(
                .lost(partner, .init(verdict: .dead, reason: .connection, phase: .ccmListening)), services)
        }
        #expect(reports == 5)
    }

    /// Whoever writes a million messages in another's name fills no history with them.
    @Test func messagesOfOtherLivesAreToldAsSeldomAsAllThatRepeatsItself() throws {
        let name = try #require(Name("messenger"))
        let messenger = Messenger(name, ports: 1, memory: 64, interval: .milliseconds(10))
        var lines = 0
        let services = try ClientServices(
            messenger, as: ClientID(value: 1), of: Incarnation(value: 1), messenger.demand
        ) { record in
            if record.event == .foreignMessage { lines += 1 }
        }
        messenger.notified(.ready(Incarnation(value: 2), ports: 1, memory: 64), services)
        let message = [UInt8](repeating: 7, count: 64)
        for _ in 0..<100_000 {
            messenger.received(message.span.bytes, immediate: nil, at: 0, services)
        }
        #expect(lines > 0 && lines < 100)
    }
}
