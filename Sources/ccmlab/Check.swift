import ArgumentParser
import Glibc
import LabKit

/// Looks for mistakes in scenario files, and starts nothing.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for mistakes in scenario files.",
        discussion: """
            Reports everything that is wrong with all of the files at once: file, line, column, field, what was expected \
            there and, for a word that is misspelt, the nearest one that there is. Exit status: 0 nothing is wrong, \
            64 something is.

            Examples:
              ccmlab check my-scenario.yaml
              ccmlab check Lab/scenarios
              ccmlab check --schema > scenario.schema.json

            An editor that knows YAML schemas completes and checks while you write, if a scenario begins with
              # yaml-language-server: $schema=Lab/scenario.schema.json
            """)

    @Argument(help: "Scenario files, or folders of them.", completion: .scenarios)
    var paths: [String] = []

    @Flag(help: "Print the JSON Schema of the scenario language.")
    var schema = false

    func validate() throws {
        if schema, !paths.isEmpty { throw ValidationError("--schema prints the schema, and checks no files") }
        if !schema, paths.isEmpty { throw ValidationError("name a scenario file or a folder of them") }
    }

    func run() async throws {
        if schema {
            Display.write(ScenarioSchema.text, to: STDOUT_FILENO)
            return
        }
        let command = self
        try await Place.reporting {
            let count = try ScenarioLibrary.load(command.paths).count
            Display.write("\(count) scenario\(count == 1 ? "" : "s"), nothing wrong\n", to: STDOUT_FILENO)
        }
    }
}
