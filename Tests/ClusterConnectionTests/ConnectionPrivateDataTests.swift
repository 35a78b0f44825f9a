import Testing

@testable import ClusterConnection

struct ConnectionPrivateDataTests {
    private func data(_ kind: ConnectionPrivateData.Kind, attempt: UInt16) -> ConnectionPrivateData {
        ConnectionPrivateData(
            versions: .of(1, 0x0203), cluster: .ours, node: .one, incarnation: .a,
            statusBlockKey: 0xa1a2_a3a4, mailboxKey: 0xb1b2_b3b4, role: .applicationServer, kind: kind,
            attempt: attempt)
    }

    @Test(arguments: [
        (ConnectionPrivateData.Kind.connect, UInt16(0x0102), "02 01 02 01 19 05 f3 45"),
        (.knock, 1, "02 02 01 00 f0 ee 51 69"),
        (.acceptance, 0xffff, "02 03 ff ff 2b 93 2c d1"),
    ])
    func travelsAsTheLayoutSays(kind: ConnectionPrivateData.Kind, attempt: UInt16, lastLine: String) {
        #expect(
            hexLines(data(kind, attempt: attempt).words) == [
                "43 43 4d 52 01 00 03 02",  //  0 "CCMR", versions 1 to 0x0203
                "5f 0c 7a 52 9d 4e 4c 1b",  //  8 cluster, in the order of its text form
                "8a 53 1f 2e 3d 4c 5b 6a",  // 16
                "01 00 00 00 00 00 00 00",  // 24 node
                "18 17 16 15 14 13 12 11",  // 32 incarnation
                "a4 a3 a2 a1 b4 b3 b2 b1",  // 40 keys of status block and mailbox
                lastLine,  // 48 applicationServer, kind, attempt, CRC-32C of bytes 0 to 51
            ])
    }

    @Test func takesTheRoomThatAConnectionRequestHas() {
        #expect(MemoryLayout<ConnectionPrivateData.Words>.size == ConnectionPrivateData.byteCount)
        #expect(ConnectionPrivateData.byteCount == 56)
    }

    @Test(arguments: ConnectionPrivateData.Kind.allCases, Role.allCases)
    func comesBackAsItWasWritten(kind: ConnectionPrivateData.Kind, role: Role) throws {
        for attempt in [UInt16.min, 1, .max] {
            var sent = data(kind, attempt: attempt)
            sent.role = role
            #expect(try ConnectionPrivateData(words: sent.words) == sent)
        }
    }

    @Test func isRefusedWithAnySingleBitTurned() {
        let whole = data(.connect, attempt: 1).words
        for bit in 0..<448 {
            #expect(throws: WireError.self, "bit \(bit)") {
                try ConnectionPrivateData(words: flipping(bit: bit, of: whole))
            }
        }
    }

    @Test func saysWhatIsWrongWithSealedData() {
        func resealed(_ change: (inout ConnectionPrivateData.Words) -> Void) -> ConnectionPrivateData.Words {
            var words = data(.connect, attempt: 1).words
            change(&words)
            seal(&words)
            return words
        }
        func refusal(_ change: (inout ConnectionPrivateData.Words) -> Void) -> WireError? {
            do throws(WireError) {
                _ = try ConnectionPrivateData(words: resealed(change))
                return nil
            } catch { return error }
        }
        #expect(refusal { $0[0] ^= 1 } == .badMagic)
        // Versions from 0xffff down to 0x0203: an empty range.
        #expect(refusal { $0[0] |= 0xffff << 32 } == .badField)
        #expect(refusal { $0[3] = 0 } == .badField)
        #expect(refusal { $0[4] = 0 } == .badField)
        #expect(refusal { $0[6] |= 0xff } == .badField)
        #expect(refusal { $0[6] |= 0xff << 8 } == .badField)
        #expect(refusal { _ in } == nil)
    }
}
