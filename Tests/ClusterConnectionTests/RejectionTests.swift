import Testing

@testable import ClusterConnection

struct RejectionTests {
    @Test func travelsAsTheLayoutSays() {
        #expect(
            hexLines(Rejection(reason: .foreignCluster, versions: .of(1, 0x0203)).words) == [
                "43 43 4d 58 03 00 00 00",  // 0 "CCMX", foreignCluster, zero
                "01 00 03 02 62 b9 0c 8f",  // 8 versions 1 to 0x0203, CRC-32C of bytes 0 to 11
            ])
        #expect(MemoryLayout<Rejection.Words>.size == Rejection.byteCount)
    }

    @Test(arguments: RejectReason.allCases)
    func comesBackAsItWasWritten(reason: RejectReason) throws {
        let sent = Rejection(reason: reason, versions: .of(2, 9))
        #expect(try Rejection(words: sent.words) == sent)
    }

    @Test func isRefusedWithAnySingleBitTurned() {
        let whole = Rejection(reason: .malformed, versions: .supported).words
        for bit in 0..<128 {
            #expect(throws: WireError.self, "bit \(bit)") {
                try Rejection(words: flipping(bit: bit, of: whole))
            }
        }
    }

    @Test func isRefusedWithAReasonThatTheProtocolDoesNotKnow() {
        for reason: UInt64 in [0, 11, 0xffff] {
            var words = Rejection(reason: .malformed, versions: .supported).words
            words[0] = words[0] & 0xffff_ffff | reason << 32
            seal(&words)
            #expect(throws: WireError.badField) { try Rejection(words: words) }
        }
    }

    @Test func everyReasonHasABitOfItsOwnInTheLogMask() {
        #expect(RejectReason.allCases.allSatisfy { $0.rawValue < 32 })
        #expect(Set(RejectReason.allCases.map(\.rawValue)).count == RejectReason.allCases.count)
    }
}
