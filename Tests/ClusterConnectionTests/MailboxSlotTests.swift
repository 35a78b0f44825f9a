import Testing

@testable import ClusterConnection

struct MailboxSlotTests {
    @Test func theGreetingLiesInMemoryAsTheLayoutSays() {
        #expect(
            hexLines(MailboxSlot(kind: .greeting, writer: .a, reader: .b).words) == [
                "43 43 4d 47 01 00 00 00",  //  0 "CCMG", layout 1, zero
                "18 17 16 15 14 13 12 11",  //  8 the writer's incarnation
                "28 27 26 25 24 23 22 21",  // 16 the reader's, as the writer read it
                "00 00 00 00 3d 35 66 84",  // 24 zero, CRC-32C of bytes 0 to 27
            ])
        #expect(MailboxSlot.Kind.greeting.offset == 0)
    }

    @Test func theConfirmationLiesInMemoryAsTheLayoutSays() {
        #expect(
            hexLines(MailboxSlot(kind: .confirmation, writer: .a, reader: .b).words) == [
                "43 43 4d 43 01 00 00 00",  // 32 "CCMC", layout 1, zero
                "18 17 16 15 14 13 12 11",  // 40
                "28 27 26 25 24 23 22 21",  // 48
                "00 00 00 00 49 1b b5 3c",  // 56 zero, CRC-32C of bytes 32 to 59
            ])
        #expect(MailboxSlot.Kind.confirmation.offset == 32)
    }

    @Test(arguments: MailboxSlot.Kind.allCases)
    func comesBackAsItWasWritten(kind: MailboxSlot.Kind) throws {
        let slot = MailboxSlot(kind: kind, writer: .a, reader: .b)
        #expect(try MailboxSlot(kind, in: mailbox(with: slot)) == slot)
    }

    @Test(arguments: MailboxSlot.Kind.allCases)
    func isRefusedWithAnySingleBitTurned(kind: MailboxSlot.Kind) {
        let whole = mailbox(with: MailboxSlot(kind: kind, writer: .a, reader: .b))
        for bit in kind.offset * 8..<kind.offset * 8 + 256 {
            #expect(throws: WireError.self, "bit \(bit)") {
                try MailboxSlot(kind, in: flipping(bit: bit, of: whole))
            }
        }
    }

    @Test func isNeverTakenForTheOtherKind() {
        var swapped: Mailbox = InlineArray(repeating: 0)
        let greeting = MailboxSlot(kind: .greeting, writer: .a, reader: .b).words
        for index in greeting.indices { swapped[4 + index] = greeting[index] }
        #expect(throws: WireError.badMagic) { try MailboxSlot(.confirmation, in: swapped) }
        #expect(throws: WireError.badMagic) { try MailboxSlot(.greeting, in: swapped) }
    }

    @Test func isRefusedInAnotherLayout() {
        var words = MailboxSlot(kind: .greeting, writer: .a, reader: .b).words
        words[0] ^= 3 << 32
        seal(&words)
        var box: Mailbox = InlineArray(repeating: 0)
        for index in words.indices { box[index] = words[index] }
        #expect(throws: WireError.unknownVersion) { try MailboxSlot(.greeting, in: box) }
    }

    private func mailbox(with slot: MailboxSlot) -> Mailbox {
        var box: Mailbox = InlineArray(repeating: 0)
        let words = slot.words
        for index in words.indices { box[slot.kind.offset / 8 + index] = words[index] }
        return box
    }
}
