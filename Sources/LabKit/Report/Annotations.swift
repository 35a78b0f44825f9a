/// What did not hold, as workflow commands of GitHub Actions: the machine shows them beside the lines of the scenarios.
package enum Annotations {
    /// Whether they are asked for.
    package static var areWanted: Bool { environmentValue("GITHUB_ACTIONS") == "true" }

    /// A line for each case in the runs of a folder.
    ///
    /// - Parameter scenarios: where the runs came from; a run of none of them is told by its own folder's copy.
    package static func lines(of folder: String, scenarios: [Scenario]) throws -> [String] {
        try ReportedFolder.runNames(in: folder).flatMap { name -> [String] in
            let path = name.isEmpty ? folder : "\(folder)/\(name)"
            let verdict = ReportedVerdict(in: path)
            let file = scenarios.first { $0.name == verdict.scenario }?.file ?? "\(path)/scenario.yaml"
            let title = [verdict.scenario, verdict.variant].filter { !$0.isEmpty }.joined(separator: " ")
            switch verdict.result {
            case .held: return []
            case .brokeAsExpected(let reason):
                return [line(file, nil, "\(title): broke as expected", reason, "notice")]
            case .notRun(let reason), .unknown(let reason):
                return [line(file, nil, "\(title): not run", reason)]
            case .broke:
                return verdict.breaks.map {
                    line(file, lineNumber(of: $0.explanation), "\(title): \($0.rule)", $0.explanation)
                }
            }
        }
    }

    /// The line of the scenario that an explanation begins with, where it does.
    private static func lineNumber(of explanation: String) -> Int? {
        guard explanation.hasPrefix("line ") else { return nil }
        return Int(explanation.dropFirst(5).prefix { $0.isNumber })
    }

    private static func line(
        _ file: String, _ line: Int?, _ title: String, _ message: String, _ kind: String = "error"
    ) -> String {
        let place = line.map { ",line=\($0)" } ?? ""
        return "::\(kind) file=\(property(file))\(place),title=\(property(title))::\(data(message))"
    }

    private static func data(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func property(_ text: String) -> String {
        var result = ""
        for scalar in data(text).unicodeScalars {
            switch scalar {
            case ":": result += "%3A"
            case ",": result += "%2C"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
