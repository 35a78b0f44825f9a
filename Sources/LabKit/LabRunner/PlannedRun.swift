import ClusterConnection

/// One run that is to be done.
package struct PlannedRun: Sendable {
    var variant: ScenarioVariant
    /// From 1.
    var repetition: Int
    /// What all chance in it comes from.
    var seed: UInt64
    /// Its folder, below that of all runs.
    var folder: String
}
