import ClusterConnection

/// Request and reply between the partners (claim C24): asks its counterpart at a steady pace, answers what it is
/// asked, and knows how long the answers take.
///
/// | byte of a message | field |
/// | --- | --- |
/// | 0 | 1 for a request, 2 for a reply |
/// | 8 | number of the request at its port, from 1 |
/// | 16 | when it was asked, by the asker's clock |
/// | 24 | the incarnation that wrote the message |
final class Messenger: Client {
    let demand: ClientDemand
    private let name: Name
    private let interval: TimeSpan
    private var partner = Incarnation.none
    private var ports: [Conversation] = []
    private var nextPort = 0
    private var roundTrips = SpanHistogram()
    private var requests: UInt64 = 0
    private var outOfOrder: UInt64 = 0
    private var foreign = Repetition()
    private var buffer: [UInt8]

    /// What is under way at one port.
    private struct Conversation {
        var asked: UInt64 = 0
        var answered: UInt64 = 0
    }

    private static let messageByteCount = 64
    private static let receives = 16
    /// Requests without a reply at a port: the counterpart's requests need as many receives again.
    private static let mostAsked = UInt64(receives / 2)
    private static let request: UInt8 = 1
    private static let reply: UInt8 = 2

    init(_ name: Name, ports: UInt32, memory: UInt64, interval: TimeSpan) {
        self.name = name
        self.interval = interval
        buffer = Array(repeating: 0, count: Self.messageByteCount)
        demand = ClientDemand(
            ClientInformation(name: name, role: .symmetric, ports: ports, memory: memory),
            receives: Self.receives, messageByteCount: Self.messageByteCount, workDepth: 2 * Self.receives)
    }

    func notified(_ notice: ClientNotice, _ services: ClientServices) {
        switch notice {
        case .ready(let incarnation, let count, _):
            partner = incarnation
            begin(count)
            requests = 0
            outOfOrder = 0
            roundTrips.reset()
            ask(services)
        case .resumed(_, let count, _):
            // What was asked before may or may not have been heard: who asks only for the time asks anew.
            begin(count)
            ask(services)
        case .paused:
            services.wake(at: nil)
            ports = []
        case .lost:
            services.wake(at: nil)
            report(services)
            ports = []
        case .noCounterpart, .refused, .portsFailed, .verdict, .partnerPhase, .partnerStalled:
            break
        }
    }

    /// Begins anew with so many ports: perhaps fewer than there were before.
    private func begin(_ count: UInt32) {
        ports = Array(repeating: Conversation(), count: Int(count))
        nextPort = 0
    }

    func woken(_ services: ClientServices) { ask(services) }

    private func ask(_ services: ClientServices) {
        guard !ports.isEmpty else { return }
        // At zero interval the replies set the pace.
        if interval != .zero { services.wake(at: services.now + interval) }
        let port = nextPort
        nextPort = (nextPort + 1) % ports.count
        guard ports[port].asked - ports[port].answered < Self.mostAsked else { return }
        fill(
            Self.request, number: ports[port].asked + 1, time: services.now.nanoseconds,
            writer: services.incarnation.value)
        guard send(at: port, services) else { return }
        ports[port].asked += 1
        requests += 1
    }

    func received(_ message: RawSpan, immediate: UInt32?, at port: Int, _ services: ClientServices) {
        guard message.byteCount == Self.messageByteCount, ports.indices.contains(port) else { return }
        let kind = message.unsafeLoad(fromByteOffset: 0, as: UInt8.self)
        let number = message.unsafeLoad(fromByteOffset: 8, as: UInt64.self)
        let time = message.unsafeLoad(fromByteOffset: 16, as: UInt64.self)
        let writer = message.unsafeLoad(fromByteOffset: 24, as: UInt64.self)
        guard writer == partner.value else { return noteForeign(writer, services) }
        switch kind {
        case Self.request:
            fill(Self.reply, number: number, time: time, writer: services.incarnation.value)
            _ = send(at: port, services)
        case Self.reply:
            answered(number, askedAt: Instant(nanoseconds: time), at: port, services)
        default:
            outOfOrder += 1
        }
    }

    private func answered(_ number: UInt64, askedAt asked: Instant, at port: Int, _ services: ClientServices)
    {
        guard number == ports[port].answered + 1, number <= ports[port].asked else {
            outOfOrder += 1
            return
        }
        ports[port].answered += 1
        let span = services.now - asked
        if roundTrips.isEmpty {
            services.note(
                HistoryRecord(.firstReply).with("client", name)
                    .with("roundTripNs", .number(span.nanoseconds))
                    .with("partnerIncarnation", .incarnation(partner)))
        }
        roundTrips.record(span)
        if interval == .zero { ask(services) }
    }

    private func noteForeign(_ writer: UInt64, _ services: ClientServices) {
        guard foreign.isWorthALine(for: "foreign") else { return }
        services.note(
            HistoryRecord(.foreignMessage).with("client", name)
                .with("writer", .incarnation(Incarnation(value: writer)))
                .with("partnerIncarnation", .incarnation(partner)))
    }

    private func fill(_ kind: UInt8, number: UInt64, time: UInt64, writer: UInt64) {
        buffer[0] = kind
        for byte in 0..<8 {
            buffer[8 + byte] = UInt8(truncatingIfNeeded: number >> UInt64(byte * 8))
            buffer[16 + byte] = UInt8(truncatingIfNeeded: time >> UInt64(byte * 8))
            buffer[24 + byte] = UInt8(truncatingIfNeeded: writer >> UInt64(byte * 8))
        }
    }

    /// Whether it was taken: a port that has no room for it now, or none any more, leaves it out.
    private func send(at port: Int, _ services: ClientServices) -> Bool {
        let message = buffer
        do throws(PortError) {
            // The reply tells that it was heard.
            try services.send(message.span.bytes, at: port, isReported: false)
            return true
        } catch {
            return false
        }
    }

    private func report(_ services: ClientServices) {
        let record = HistoryRecord(.messengerReport).with("client", name)
            .with("requests", .number(requests)).with("replies", .number(roundTrips.count))
            .with("outOfOrder", .number(outOfOrder)).with("partnerIncarnation", .incarnation(partner))
        guard !roundTrips.isEmpty else { return services.note(record) }
        services.note(
            record.with("roundTripMedianNs", .number(roundTrips.nanoseconds(atPercentile: 50)))
                .with("roundTripP99Ns", .number(roundTrips.nanoseconds(atPercentile: 99))))
    }
}
