import ClusterConnection
import Testing

@testable import Recording

/// A recording is read whole, as far as it goes, or not at all; and what is wrong with it is told.
struct RecordingReaderTests {
    @Test func whatTheManagerWasToldAtItsStartComesFirst() throws {
        var life = Life(.sample)
        life.end()
        var recording = try RecordingReader(life.file)
        #expect(recording.start == .sample)
        #expect(try recording.next() == nil)
        #expect(recording.ending == .whole)
    }

    @Test func aRecordingCutAnywhereReplaysWhatIsThere() throws {
        let file = recordedLife(beats: 2)
        var shortest = UInt64.max
        for length in 0..<file.count {
            do throws(RecordingError) {
                let replay = try Replay(of: Array(file.prefix(length)))
                guard case .cut = replay.ending else {
                    Issue.record("the first \(length) of \(file.count) bytes pass for all of them")
                    continue
                }
                #expect(replay.difference == nil)
                shortest = min(shortest, replay.events)
            } catch {
                #expect(error.problem == .noRecording || error.problem == .noStart)
            }
        }
        #expect(shortest == 0)
    }

    @Test func aRecordingThatIsChangedInOneBitIsRefused() throws {
        let file = recordedLife(beats: 2)
        for byte in file.indices {
            var changed = file
            changed[byte] ^= 1 << UInt8(byte % 8)
            #expect(throws: RecordingError.self, "bit \(byte % 8) of byte \(byte)") {
                _ = try Replay(of: changed)
            }
        }
    }

    @Test func anUnknownEventIsToldWithItsPlace() throws {
        let file = whole([2, 1, 0, 0, 0, 0, 0, 0, 0, 200])
        let error = try #require(problem(of: file))
        #expect(error == RecordingError(problem: .unknownEvent(200), offset: file.count - 1))
        #expect(error.description.hasPrefix("byte \(file.count - 1): an event of the unknown kind 200"))
    }

    @Test func anUnknownActionIsToldWithItsPlace() throws {
        let file = whole([2, 1, 0, 0, 0, 0, 0, 0, 0, 21, 1, 0, 0, 0, 201])
        #expect(
            problem(of: file) == RecordingError(problem: .unknownAction(201), offset: file.count - 1))
    }

    @Test func anUnknownFrameIsToldWithItsPlace() throws {
        let file = whole([77])
        #expect(problem(of: file) == RecordingError(problem: .unknownFrame(77), offset: file.count - 1))
        // A second start is no frame that may come there.
        #expect(problem(of: whole([1]))?.problem == .unknownFrame(1))
    }

    @Test func aMissingPartIsTold() throws {
        let end: [UInt8] = [3, 5, 0, 0, 0, 0, 0, 0, 0]
        #expect(problem(of: whole(end))?.problem == .wrongCount(told: 5, found: 0))
        #expect(problem(of: whole([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]))?.problem == .behindTheEnd)
        #expect(problem(of: recordedLife() + [0])?.problem == .behindTheEnd)
    }

    @Test func aTimerThatDoesNotExistIsTold() throws {
        #expect(
            problem(of: whole([2, 1, 0, 0, 0, 0, 0, 0, 0, 4, 99, 0]))?.problem == .badValue(.badField))
    }

    @Test func anotherFileAndAnotherLayoutAreRefused() throws {
        #expect(problem(of: [])?.problem == .noRecording)
        #expect(problem(of: Array("{\"time\": 1}".utf8))?.problem == .noRecording)
        var file = recordedLife()
        file[6] = 9
        #expect(problem(of: file) == RecordingError(problem: .unknownVersion(9), offset: 6))
    }

    /// The buffer does not grow while events come in as they do in a life.
    @Test func aBlockIsToBeTakenBeforeItIsFull() {
        var recording = RecordingWriter(.initiator)
        #expect(!recording.isEmpty && !recording.isAmplyFilled)
        var count = 0
        while !recording.isAmplyFilled {
            recording.note(.received(Samples.connection, Samples.bytes), at: Instant(nanoseconds: 1), [])
            count += 1
        }
        #expect(count > 100)
        #expect(recording.takeBlock { $0.count } > 64 << 10)
        #expect(recording.isEmpty && !recording.isAmplyFilled)
    }

    /// A recording with these frames behind its start, under checksums that fit.
    private func whole(_ frames: [UInt8]) -> [UInt8] {
        var life = Life(.initiator)
        life.write()
        return life.file + sealed(frames)
    }

    private func problem(of file: [UInt8]) -> RecordingError? {
        do throws(RecordingError) {
            _ = try Replay(of: file)
            return nil
        } catch {
            return error
        }
    }
}

/// Frames as a block.
func sealed(_ frames: [UInt8]) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(UInt32(frames.count))
    writer.append(checksum(of: frames))
    writer.append(checksum(of: writer.bytes))
    return writer.bytes + frames
}

private func checksum(of bytes: [UInt8]) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes.span.bytes)
    return crc.checksum
}
