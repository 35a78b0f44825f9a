import FuzzingSupport
import Testing

@testable import ClusterConnection

/// Whatever comes over the wire is decoded or refused; nothing traps, and only what is sealed is used.
struct WireFuzzTests {
    private static let rounds = Fuzzing.rounds(100_000)

    @Test func noDecoderAcceptsRandomWords() {
        var generator = SplitMix64(seed: 1)
        var accepted = 0
        for _ in 0..<Self.rounds {
            let words: InlineArray<8, UInt64> = randomWords(using: &generator)
            let short: InlineArray<7, UInt64> = randomWords(using: &generator)
            if (try? StatusBlock(words: words)) != nil { accepted += 1 }
            if (try? MailboxSlot(.greeting, in: words)) != nil { accepted += 1 }
            if (try? MailboxSlot(.confirmation, in: words)) != nil { accepted += 1 }
            if (try? ConnectionPrivateData(words: short)) != nil { accepted += 1 }
            if (try? Rejection(words: [words[0], words[1]])) != nil { accepted += 1 }
        }
        #expect(accepted == 0)
        print("fuzz: random words: \(Self.rounds * 5) blocks, \(accepted) read")
    }

    /// With the right magic, what stands between random words and their use is the checksum.
    @Test func noDecoderAcceptsRandomWordsUnderTheRightMagic() {
        var generator = SplitMix64(seed: 2)
        for _ in 0..<Self.rounds {
            var words: InlineArray<8, UInt64> = randomWords(using: &generator)
            var short: InlineArray<7, UInt64> = randomWords(using: &generator)
            words[0] = withMagic(StatusBlock.magicNumber, words[0])
            short[0] = withMagic(ConnectionPrivateData.magicNumber, short[0])
            let refusal: Rejection.Words = [withMagic(Rejection.magicNumber, words[0]), words[1]]
            if (try? StatusBlock(words: words)) != nil { #expect(isWhole(words)) }
            if (try? ConnectionPrivateData(words: short)) != nil { #expect(isWhole(short)) }
            if (try? Rejection(words: refusal)) != nil { #expect(isWhole(refusal)) }
            for kind in MailboxSlot.Kind.allCases {
                let first = kind.offset / 8
                words[first] = withMagic(kind.magicNumber, words[first])
                let slot: MailboxSlot.Words = [
                    words[first], words[first + 1], words[first + 2], words[first + 3],
                ]
                if (try? MailboxSlot(kind, in: words)) != nil { #expect(isWhole(slot)) }
            }
        }
        print("fuzz: random words under the right magic: \(Self.rounds * 5) blocks")
    }

    /// A sealed block of random fields is refused for its fields or comes back unchanged.
    @Test func sealedRandomFieldsAreRefusedOrComeBackUnchanged() throws {
        var generator = SplitMix64(seed: 3)
        var accepted = 0
        for _ in 0..<Self.rounds {
            var words: StatusBlock.Words = randomWords(using: &generator)
            words[0] = UInt64(StatusBlock.magicNumber) | 1 << 32 | (words[0] & 0x0303) << 48
            words[7] &= 0
            seal(&words)
            if let block = try? StatusBlock(words: words) {
                accepted += 1
                let again = block.words
                if !words.indices.allSatisfy({ again[$0] == words[$0] }) {
                    Issue.record("\(hexLines(words)) came back as \(hexLines(again))")
                }
            }
        }
        // Two of the four low phases' bits and two of the four roles' bits name something: half of all.
        #expect(accepted > Self.rounds / 4)
        print("fuzz: sealed random status blocks: \(Self.rounds) blocks, \(accepted) read")
    }

    /// A whole CCM fed with garbage from every direction neither traps nor grants anything.
    @Test(arguments: [true, false])
    func aManagerSurvivesRandomEvents(initiator: Bool) {
        let settings = initiator ? Settings.initiator : .acceptor
        var generator = SplitMix64(seed: settings.node.value)
        var manager = ConnectionManager(settings: settings, incarnation: .a, seed: 1, at: .start)
        var now = Instant.start
        var actions: [Action] = []
        for _ in 0..<Self.rounds {
            actions.removeAll(keepingCapacity: true)
            now = now + .microseconds(UInt64.random(in: 0...20_000, using: &generator))
            manager.handle(randomEvent(using: &generator), at: now, into: &actions)
            #expect(actions.count < 40)
        }
        #expect(manager.counters.established == 0)
        #expect(manager.verdict != .alive)
        print("fuzz: random events, \(initiator ? "initiator" : "acceptor"): \(Self.rounds) events")
    }

    private func withMagic(_ magic: UInt32, _ word: UInt64) -> UInt64 {
        UInt64(magic) | word & 0xffff_ffff_0000_0000
    }

    private func randomEvent(using generator: inout SplitMix64) -> Event {
        let connection = ConnectionID(value: .random(in: 0...9, using: &generator))
        let request = RequestID(value: .random(in: 0...9, using: &generator))
        let operation = Operation.allCases.randomElement(using: &generator) ?? .firstRead
        switch Int.random(in: 0...12, using: &generator) {
        case 0: return .listening(statusBlockKey: 1, mailboxKey: 2)
        case 1: return .bootPhase(BootPhase.allCases.randomElement(using: &generator) ?? .panicked)
        case 2, 3: return .timer(TimerName.allCases.randomElement(using: &generator) ?? .tick)
        case 4:
            return .request(request, Bool.random(using: &generator) ? nil : randomWords(using: &generator))
        case 5: return .request(request, knockOrConnect(using: &generator))
        case 6:
            return .connected(
                connection, Bool.random(using: &generator) ? nil : knockOrConnect(using: &generator))
        case 7:
            let reason = RejectReason.allCases.randomElement(using: &generator) ?? .malformed
            return .refused(connection, Rejection(reason: reason, versions: .supported).words)
        case 8:
            return .connectFailed(
                connection, ConnectFailure.allCases.randomElement(using: &generator) ?? .local)
        case 9: return .disconnected(connection)
        case 10:
            let outcome = Outcome.allCases.randomElement(using: &generator) ?? .failed
            return .completed(
                connection, operation, outcome,
                Bool.random(using: &generator) ? nil : randomWords(using: &generator))
        case 11:
            return .accessRefused(
                queuePair: .random(in: 0...UInt32.max, using: &generator), connection,
                ClientID(value: .random(in: 0...3, using: &generator)))
        default: return .mailbox(randomWords(using: &generator))
        }
    }

    private func knockOrConnect(using generator: inout SplitMix64) -> ConnectionPrivateData.Words {
        ConnectionPrivateData(
            versions: .of(1, .random(in: 1...3, using: &generator)), cluster: .ours,
            node: NodeIdentity(value: .random(in: 1...3, using: &generator)),
            incarnation: Incarnation(value: .random(in: 1...9, using: &generator)),
            statusBlockKey: 3, mailboxKey: 4, role: .storageSystem,
            kind: ConnectionPrivateData.Kind.allCases.randomElement(using: &generator) ?? .knock,
            attempt: .random(in: 0...UInt16.max, using: &generator)
        ).words
    }
}
