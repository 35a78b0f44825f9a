import ClusterConnection

extension Verdict {
    /// The verdict as histories and scenarios spell it.
    var word: String { "\(name)" }
}

extension BootPhase {
    /// The phase as histories and scenarios spell it.
    var word: String { "\(name)" }
}

extension Role {
    /// The role as configurations and scenarios spell it.
    var word: String { "\(name)" }
}

extension ClientRole {
    /// The role as histories spell it.
    var word: String { "\(name)" }
}
