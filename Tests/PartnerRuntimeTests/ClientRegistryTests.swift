import ClusterConnection
import Testing

@testable import PartnerRuntime

/// What the connection manager hears of clients that come and go.
struct ClientRegistryTests {
    /// A client that wants nothing, or what nobody could give it.
    private final class Guest: Client {
        let demand: ClientDemand

        init(_ name: Name, receives: Int = 0) {
            demand = ClientDemand(
                ClientInformation(name: name, role: .symmetric, ports: 0, memory: 0), receives: receives)
        }

        func notified(_ notice: ClientNotice, _ services: ClientServices) {}
    }

    private static func registry(_ record: @escaping (HistoryRecord) -> Void = { _ in }) -> ClientRegistry {
        ClientRegistry(of: Incarnation(value: 1), transport: .standard, record: record)
    }

    /// One that takes the place of another has its name only when the other has gone.
    @Test func whoWithdrawsBeforeAnotherRegistersIsHeardBeforeIt() throws {
        let name = try #require(Name("mirror"))
        for gap: UInt64 in [0, 1] {
            let registry = Self.registry()
            let start = Instant(nanoseconds: 1_000)
            registry.add(Guest(name), at: start, until: start + .seconds(1))
            registry.add(Guest(name), at: start + .seconds(1) + .milliseconds(gap))
            registry.keepAppointments(at: start)
            registry.events = []
            // Late, as after a pause of the process.
            registry.keepAppointments(at: start + .seconds(2))
            let order = registry.events.map { event in
                switch event {
                case .withdraw(let client): "withdraw \(client.value)"
                case .register(let client, _): "register \(client.value)"
                default: "?"
                }
            }
            #expect(order == ["withdraw 1", "register 2"])
        }
    }

    /// Numbers are not used twice, so at some time there are none left.
    @Test func whoComesWhenAllNumbersAreUsedIsRefused() throws {
        let name = try #require(Name("guest"))
        var refused = 0
        let registry = Self.registry { record in
            if record.event == .clientRefused { refused += 1 }
        }
        let start = Instant(nanoseconds: 1_000)
        for _ in 0..<66_000 {
            registry.add(Guest(name, receives: -1), at: start)
            registry.keepAppointments(at: start)
        }
        #expect(refused == 66_000)
        #expect(registry.events.isEmpty)
    }
}
