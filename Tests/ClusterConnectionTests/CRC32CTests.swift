import Testing

@testable import ClusterConnection

/// The test vectors of RFC 3720, appendix B.4.
struct CRC32CTests {
    @Test func of32ZeroBytes() {
        #expect(checksum(ofWords: [0, 0, 0, 0]) == 0x8a91_36aa)
    }

    @Test func of32BytesOfOnes() {
        #expect(checksum(ofWords: [.max, .max, .max, .max]) == 0x62a8_ab43)
    }

    @Test func of32RisingBytes() {
        #expect(
            checksum(ofWords: [
                0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908, 0x1716_1514_1312_1110, 0x1f1e_1d1c_1b1a_1918,
            ]) == 0x46dd_794e)
    }

    @Test func of32FallingBytes() {
        #expect(
            checksum(ofWords: [
                0x1819_1a1b_1c1d_1e1f, 0x1011_1213_1415_1617, 0x0809_0a0b_0c0d_0e0f, 0x0001_0203_0405_0607,
            ]) == 0x113f_db5c)
    }

    @Test func ofAnISCSIReadCommand() {
        #expect(
            checksum(ofWords: [
                0x0000_0000_0000_c001, 0, 0x0004_0000_0000_0014, 0x1800_0000_1400_0000, 0x0000_0000_0000_0028,
                0x0000_0000_0000_0002,
            ]) == 0xd996_3a56)
    }

    @Test func twoHalfWordsAreOneWord() {
        var halves = CRC32C()
        halves.update(halfWord: 0x0302_0100)
        halves.update(halfWord: 0x0706_0504)
        #expect(halves.checksum == checksum(ofWords: [0x0706_0504_0302_0100]))
    }

    private func checksum(ofWords words: [UInt64]) -> UInt32 {
        var crc = CRC32C()
        for word in words { crc.update(word: word) }
        return crc.checksum
    }
}
