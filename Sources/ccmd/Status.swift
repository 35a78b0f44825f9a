import ArgumentParser
import Foundation
import PartnerRuntime

/// Shows a running partner's state.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a running partner's state.")

    @Option(name: .long, help: "The socket that the partner was started with.")
    var control: String

    @Flag(name: .long, help: "One JSON object instead of a table.")
    var json = false

    @Flag(name: .long, help: "Metrics in the text format of Prometheus instead of a table.")
    var prometheus = false

    func validate() throws {
        if json && prometheus { throw ValidationError("--json and --prometheus exclude each other.") }
    }

    func run() throws {
        let answer: [UInt8]
        do {
            answer = try ControlClient.ask(.status, at: control)
        } catch {
            StandardError.write("ccmd: \(error)")
            throw ExitCode(1)
        }
        if json {
            print(String(decoding: answer, as: UTF8.self), terminator: "")
            return
        }
        do {
            let report = try JSONDecoder().decode(StatusReport.self, from: Data(answer))
            print(prometheus ? report.prometheus : report.table, terminator: prometheus ? "" : "\n")
        } catch {
            StandardError.write("ccmd: what \(control) answered is no status of this version: \(error)")
            throw ExitCode(1)
        }
    }
}
