extension SoakReport {
    /// Tells of a soak whose machine was ended in its midst what the run folder has of it, and leaves `soak.json` there.
    ///
    /// - Parameter folder: where the chunks that are done were brought one by one.
    /// - Returns: the lines of the summary, and whether any chunk is done.
    /// - Throws: `LabError` where the folder is damaged.
    package static func ofInterrupted(
        _ plan: SoakPlan, shard: Shard, in folder: String, _ table: Table
    ) throws -> (lines: [String], hasRuns: Bool) {
        guard Files.exists("\(folder)/verdicts.json") else {
            let none = SoakReport(plan, [], shard: shard, isComplete: false)
            return (none.lines(fabric: "", clock: "", kernel: "", folder: folder, table), false)
        }
        let merged = try MergedRuns([folder])
        let report = SoakReport(plan, merged.results, shard: shard, isComplete: false)
        try report.write(to: folder)
        let lines = report.lines(
            fabric: merged.told("fabric"), clock: merged.told("clock"), kernel: merged.told("kernel"),
            folder: folder,
            table)
        return ([""] + lines, true)
    }
}
