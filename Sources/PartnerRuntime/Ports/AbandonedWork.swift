import ClusterConnection

/// What became of the work that a client had under way when its ports were taken away. It was told of none of it.
struct AbandonedWork: Equatable {
    /// Writes that had ended well: their bytes lie at the counterpart.
    var arrived: UInt64 = 0
    /// Work that had failed.
    var refused: UInt64 = 0
    /// Work whose end nobody will ever know.
    var unfinished: UInt64 = 0

    /// Whether there was nothing worth telling.
    var isEmpty: Bool { arrived == 0 && refused == 0 && unfinished == 0 }

    /// Counts a piece of work that had ended.
    mutating func count(_ kind: PortWork.Kind, _ outcome: Outcome) {
        if outcome != .success {
            refused += 1
        } else if kind == .write {
            arrived += 1
        }
    }
}
