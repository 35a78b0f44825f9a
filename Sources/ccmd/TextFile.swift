import Foundation
import StrictYAML

/// Text that a person wrote.
enum TextFile {
    /// The whole of a file; a problem that names it when it cannot be read.
    static func read(_ path: String) throws(InputProblems) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw InputProblems([
                InputProblem(
                    source: path, line: nil, field: "",
                    text: "cannot be read (\(error.localizedDescription)): expected a YAML file in UTF-8")
            ])
        }
    }
}
