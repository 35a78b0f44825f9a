import ArgumentParser
import Glibc
import LabKit
import StrictYAML

/// Shows scenarios.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show scenarios: what each is about, the claims it cites, its tags.",
        discussion: """
            Exit status: 0 they were shown, 2 there is no project, 64 wrong usage or a malformed scenario.

            Examples:
              ccmlab list
              ccmlab list Lab/scenarios/boot-order
            """)

    @Argument(
        help: "Scenario files, or folders of them. Without any: all that the project has.",
        completion: .scenarios)
    var paths: [String] = []

    func run() async throws {
        do {
            let scenarios = try ScenarioLibrary.load(paths.isEmpty ? [try Checkout().scenarios] : paths)
            var display = Display(progress: .none, colours: false)
            for scenario in scenarios { display.lines(ScenarioText.lines(scenario)) }
        } catch let problems as InputProblems {
            Display.write("\(problems)\n", to: STDERR_FILENO)
            throw Status.badInput
        } catch let error as LabError {
            Display.write("ccmlab: \(error)\n", to: STDERR_FILENO)
            throw Status.notCarriedOut
        }
    }
}
