import Testing

@testable import PartnerRuntime

/// The processor's instruction and the table are the same checksum.
struct LongChecksumTests {
    private func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 5) }
    }

    @Test(arguments: [0, 8, 16, 56, 64, 72, 120, 128, 4_072, 65_512])
    func theProcessorAndTheTableAgree(_ count: Int) {
        let head = bytes(16)
        let rest = bytes(count)
        #expect(
            LongChecksum.of(head.span.bytes, rest.span.bytes)
                == LongChecksum.byTable(head.span.bytes, rest.span.bytes))
    }

    /// RFC 3720, appendix B.4: 32 rising bytes.
    @Test func theTestVectorComesOut() {
        let bytes = (0..<32).map { UInt8($0) }
        let (first, second) = (Array(bytes[..<16]), Array(bytes[16...]))
        #expect(LongChecksum.of(first.span.bytes, second.span.bytes) == 0x46dd_794e)
    }

    #if arch(x86_64)
        /// Every x86-64 processor of the last fifteen years has it; without this the agreement would be that of the table
        /// with itself.
        @Test func thisProcessorHasTheInstruction() { #expect(LongChecksum.isOfProcessor) }
    #endif
}
