import ClusterConnection
import Testing

@testable import Recording

/// What is recorded comes back as it was.
struct CodingTests {
    @Test func theSamplesHoldEveryEventAndEveryAction() {
        #expect(Set(Samples.events.map(\.kind)) == Set(EventKind.allCases))
        #expect(Set(Samples.actions.map(\.kind)) == Set(ActionKind.allCases))
    }

    @Test(arguments: Samples.events.indices)
    func everyEventComesBackUnchanged(index: Int) throws {
        let event = Samples.events[index]
        let bytes = encoded { $0.append(event) }
        let (again, rest) = try decoded(bytes) { reader throws(WireError) in try reader.event() }
        #expect(rest == 0)
        #expect(encoded { $0.append(again) } == bytes)
        #expect(again.text == event.text)
    }

    @Test(arguments: Samples.actions.indices)
    func everyActionComesBackUnchanged(index: Int) throws {
        let action = Samples.actions[index]
        let bytes = encoded { $0.append(action) }
        let (again, rest) = try decoded(bytes) { reader throws(WireError) in try reader.action() }
        #expect(rest == 0)
        #expect(again.text == action.text)
        if case .action(let again) = again { #expect(encoded { $0.append(again) } == bytes) }
    }

    @Test func aLineOfHistoryComesBackWithAllThatItSays() throws {
        let record = HistoryRecord(.clientReady).with("client", .of("messenger"))
            .with("partnerIncarnation", .incarnation(Incarnation(value: 0xf))).with("ports", .number(2))
            .with("key", .hexadecimal(255)).with("reason", .text("why"))
        let bytes = encoded { $0.append(.record(record)) }
        let (action, _) = try decoded(bytes) { reader throws(WireError) in try reader.action() }
        #expect(
            action.text
                == "record clientReady client: messenger partnerIncarnation: 000000000000000f ports: 2 "
                + "key: 0xff reason: why")
    }

    @Test func allSettingsComeBack() throws {
        let settings = Settings.sample
        let bytes = encoded { $0.append(settings) }
        let (again, rest) = try decoded(bytes) { reader throws(WireError) in try reader.settings() }
        #expect(rest == 0)
        #expect(again == settings)
    }

    /// Whoever adds a setting adds it to the recording: a manager that is told less may do something else.
    @Test func everySettingOfTheSampleDiffersFromItsDefault() {
        let sample = Settings.sample
        let plain = Settings(
            node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
            cluster: ClusterIdentity(low: 1, high: 1), role: .storageSystem)
        for (one, other) in zip(Mirror(reflecting: sample).children, Mirror(reflecting: plain).children) {
            #expect("\(one.value)" != "\(other.value)", "\(one.label ?? "")")
        }
        for (one, other) in zip(
            Mirror(reflecting: sample.clientLimits).children, Mirror(reflecting: plain.clientLimits).children)
        {
            #expect("\(one.value)" != "\(other.value)", "\(one.label ?? "")")
        }
    }

    @Test func capabilitiesAreRecordedInTheSameOrderWhateverTheirHashes() {
        var settings = Settings.sample
        settings.knownCapabilities = []
        for name in ["c", "a", "b"].compactMap({ Name($0) }) { settings.knownCapabilities.insert(name) }
        var other = Settings.sample
        other.knownCapabilities = []
        for name in ["b", "c", "a"].compactMap({ Name($0) }) { other.knownCapabilities.insert(name) }
        #expect(encoded { $0.append(settings) } == encoded { $0.append(other) })
    }

    /// Or a replay would tell of a difference and show none.
    @Test func actionsThatDifferInOneBitReadDifferently() throws {
        var compared = 0
        for action in Samples.actions {
            let bytes = encoded { $0.append(action) }
            for bit in 0..<bytes.count * 8 {
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                guard
                    let (other, rest) = try? decoded(
                        changed, { reader throws(WireError) in try reader.action() }),
                    rest == 0
                else { continue }
                compared += 1
                #expect(other.text != action.text, "bit \(bit) of \(action.text)")
            }
        }
        #expect(compared > 5_000)
    }

    private func encoded(_ body: (inout MessageWriter) -> Void) -> [UInt8] {
        var writer = MessageWriter()
        body(&writer)
        return writer.bytes
    }

    private func decoded<Value>(
        _ bytes: [UInt8], _ body: (inout MessageReader) throws(WireError) -> Value
    ) throws -> (Value, rest: Int) {
        var reader = MessageReader(bytes, 0..<bytes.count)
        let value = try body(&reader)
        return (value, reader.remaining)
    }
}
