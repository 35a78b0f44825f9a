import ClusterConnection
import FuzzingSupport
import Testing

@testable import Recording

/// Whatever a file holds, it is replayed or refused; nothing traps.
struct RecordingFuzzTests {
    private static let rounds = Fuzzing.rounds(3_000)

    @Test func aFileOfRandomBytesIsRefused() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<Self.rounds {
            let bytes = Fuzzing.bytes(.random(in: 0...300, using: &generator), using: &generator)
            #expect(throws: RecordingError.self) { _ = try Replay(of: bytes) }
        }
    }

    /// Under checksums that fit, what stands between changed bytes and the manager is what decodes them; and the
    /// manager itself takes whatever passes.
    @Test func changedFramesUnderTheRightChecksumsAreReplayedOrRefused() throws {
        let file = recordedLife()
        let blocks = frames(of: file)
        var generator = SplitMix64(seed: 2)
        var refused = 0
        var different = 0
        var same = 0
        for _ in 0..<Self.rounds {
            var changed = blocks
            let index = Int.random(in: 0..<blocks.count, using: &generator)
            changed[index] = Fuzzing.mutate(blocks[index], using: &generator)
            let bytes = Array(file.prefix(RecordingFormat.headByteCount)) + changed.flatMap { sealed($0) }
            do throws(RecordingError) {
                let replay = try Replay(of: bytes)
                if replay.difference == nil { same += 1 } else { different += 1 }
            } catch {
                #expect((0...bytes.count).contains(error.offset))
                refused += 1
            }
        }
        #expect(refused > 0 && different > 0)
        print("fuzz: changed recordings: \(refused) refused, \(different) differ, \(same) the same")
    }

    /// The frames of each block.
    private func frames(of file: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var offset = RecordingFormat.headByteCount
        while offset < file.count {
            let length = (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << ($1 * 8) }
            let first = offset + RecordingFormat.blockHeaderByteCount
            frames.append(Array(file[first..<first + length]))
            offset = first + length
        }
        return frames
    }
}
