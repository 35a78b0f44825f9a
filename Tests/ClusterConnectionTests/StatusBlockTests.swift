import Testing

@testable import ClusterConnection

struct StatusBlockTests {
    private let block = StatusBlock(
        phase: .ccmListening, role: .storageSystem, incarnation: .a, cluster: .ours, node: .one,
        heartbeat: 0x0102_0304_0506_0708, partnerSeen: .b, messagesTaken: 0x0a0b_0c0d)

    @Test func liesInMemoryAsTheLayoutSays() {
        #expect(
            hexLines(block.words) == [
                "43 43 4d 53 01 00 03 01",  //  0 "CCMS", layout 1, ccmListening, storageSystem
                "18 17 16 15 14 13 12 11",  //  8 incarnation
                "5f 0c 7a 52 9d 4e 4c 1b",  // 16 cluster, in the order of its text form
                "8a 53 1f 2e 3d 4c 5b 6a",  // 24
                "01 00 00 00 00 00 00 00",  // 32 node
                "08 07 06 05 04 03 02 01",  // 40 heartbeat counter
                "28 27 26 25 24 23 22 21",  // 48 partner incarnation seen
                "0d 0c 0b 0a 1c 73 d0 44",  // 56 messages taken, CRC-32C of bytes 0 to 59
            ])
    }

    @Test(arguments: BootPhase.allCases, Role.allCases)
    func comesBackAsItWasWritten(phase: BootPhase, role: Role) throws {
        for (heartbeat, seen) in [(UInt64.min, Incarnation.none), (.max, .b)] {
            let block = StatusBlock(
                phase: phase, role: role, incarnation: .a, cluster: .ours, node: .two, heartbeat: heartbeat,
                partnerSeen: seen)
            #expect(try StatusBlock(words: block.words) == block)
        }
    }

    @Test func isRefusedWithAnySingleBitTurned() {
        for bit in 0..<512 {
            #expect(throws: WireError.self, "bit \(bit)") {
                try StatusBlock(words: flipping(bit: bit, of: block.words))
            }
        }
    }

    @Test func saysWhatIsWrongWithASealedBlock() {
        func resealed(_ change: (inout StatusBlock.Words) -> Void) -> StatusBlock.Words {
            var words = block.words
            change(&words)
            seal(&words)
            return words
        }
        #expect(throws: WireError.badMagic) { try StatusBlock(words: resealed { $0[0] ^= 1 }) }
        #expect(throws: WireError.unknownVersion) { try StatusBlock(words: resealed { $0[0] ^= 3 << 32 }) }
        #expect(throws: WireError.badField) { try StatusBlock(words: resealed { $0[0] |= 0xff << 48 }) }
        #expect(throws: WireError.badField) { try StatusBlock(words: resealed { $0[0] |= 0xff << 56 }) }
        #expect(throws: WireError.badField) { try StatusBlock(words: resealed { $0[1] = 0 }) }
        #expect(throws: WireError.badField) { try StatusBlock(words: resealed { $0[4] = 0 }) }
        #expect(throws: WireError.badChecksum) { try StatusBlock(words: flipping(bit: 320, of: block.words)) }
        #expect(throws: WireError.badMagic) { try StatusBlock(words: InlineArray(repeating: 0)) }
    }
}
