import ArgumentParser
import LabKit

/// What a shell offers where a command expects something of the lab's own.
extension CompletionKind {
    /// Scenario files, and the folders that they may be in.
    static let scenarios = CompletionKind.file(extensions: ["yaml", "yml"])

    /// The tags of the scenarios on the command line, or of all that the project has.
    static let tags = CompletionKind.custom { words, _, _ in
        let paths = words.dropFirst().filter {
            Files.isFolder($0) || $0.hasSuffix(".yaml") || $0.hasSuffix(".yml")
        }
        guard let folder = try? Checkout().scenarios,
            let scenarios = try? ScenarioLibrary.load(paths.isEmpty ? [folder] : Array(paths))
        else { return [] }
        return Set(scenarios.flatMap(\.tags)).sorted()
    }
}
