import Recording

/// A life of a partner's connection manager, fed again with all that it was told.
package struct ReplayedLife: Sendable {
    package var life: RecordedRuns.Life
    /// What came of it, or why it could not be read.
    package var result: Result<Replay, LabError>

    /// More than an hour of heartbeats at their shortest interval.
    private static let largest = 1 << 30

    /// Replays a life.
    package init(_ life: RecordedRuns.Life) {
        self.life = life
        result = Self.replay(life)
    }

    private static func replay(_ life: RecordedRuns.Life) -> Result<Replay, LabError> {
        do throws(LabError) {
            let bytes = try bytes(of: life)
            do throws(RecordingError) {
                return .success(try Replay(of: bytes))
            } catch {
                throw LabError("\(error)")
            }
        } catch {
            return .failure(error)
        }
    }

    /// The recording of a life, as it lies there.
    static func bytes(of life: RecordedRuns.Life) throws(LabError) -> [UInt8] {
        guard Files.exists(life.path) else {
            throw LabError(
                "the recording is missing: the run did not record (it measured speed), or the partner ended "
                    + "before it could")
        }
        guard let bytes = Files.bytes(of: life.path, limit: largest) else {
            throw LabError("the recording cannot be read")
        }
        guard bytes.count < largest else {
            throw LabError("the recording is larger than a recording can be (\(largest) bytes)")
        }
        return bytes
    }

    /// Whether what can be read is the same; nil where it cannot be read.
    package var isSame: Bool? { (try? result.get()).map { $0.difference == nil } }
}
