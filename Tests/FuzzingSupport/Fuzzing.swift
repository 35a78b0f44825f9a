import Glibc

import ClusterConnection

/// How long fuzzing goes on, and what it does to bytes.
package enum Fuzzing {
    /// So many rounds, times the number in the environment's `CCM_LAB_FUZZ`: a night's fuzzing is the same tests.
    package static func rounds(_ count: Int) -> Int {
        let factor = getenv("CCM_LAB_FUZZ").flatMap { Int(String(cString: $0)) } ?? 1
        return count * max(1, factor)
    }

    /// Bytes from a generator.
    package static func bytes(_ count: Int, using generator: inout SplitMix64) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }

    /// One to three things done to `bytes` that a hostile or broken partner may do: bits turned, a field of any width
    /// at an extreme, the end cut off, something put behind, in between or left out, parts doubled.
    package static func mutate(_ bytes: [UInt8], using generator: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) { change(&bytes, &generator) }
        return bytes
    }

    private static func change(_ bytes: inout [UInt8], _ generator: inout SplitMix64) {
        guard !bytes.isEmpty else {
            bytes = Self.bytes(.random(in: 0...40, using: &generator), using: &generator)
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0...7, using: &generator) {
        case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 2, 3:
            let width = [1, 2, 4, 8].randomElement(using: &generator) ?? 1
            let start = place / width * width
            let extreme = extremes.randomElement(using: &generator) ?? 0
            for byte in 0..<width where start + byte < bytes.count {
                bytes[start + byte] = UInt8(truncatingIfNeeded: extreme >> UInt64(byte * 8))
            }
        case 4: bytes.removeLast(bytes.count - place)
        case 5: bytes += Self.bytes(.random(in: 1...64, using: &generator), using: &generator)
        case 6: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
        default:
            let end = min(bytes.count, place + Int.random(in: 1...48, using: &generator))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }

    /// Numbers at which counts, lengths and addresses go wrong.
    private static let extremes: [UInt64] = [
        0, 1, 2, 47, 48, 49, 63, 64, 65, 0x7f, 0x80, 0xff, 0x100, 0x3fd4, 0x4000, 0x7fff, 0x8000, 0xffff,
        0x1_0000, 0xff_ffff, 0x100_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 1 << 63, .max,
        .max - 0xfff,
    ]
}
