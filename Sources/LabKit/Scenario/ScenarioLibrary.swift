import StrictYAML

/// Finds and reads scenario files.
package enum ScenarioLibrary {
    /// The scenarios of files and folders that have one of some tags.
    ///
    /// - Parameter tags: none for all scenarios.
    /// - Throws: `InputProblems` with everything that is wrong in all of the files, or when no scenario has such a tag.
    package static func load(_ paths: [String], tags: [String]) throws(InputProblems) -> [Scenario] {
        let all = try load(paths)
        guard !tags.isEmpty else { return all }
        let known = Set(all.flatMap(\.tags))
        var problems: [InputProblem] = []
        for tag in tags where !known.contains(tag) {
            let hint =
                nearestName(to: tag, among: known.sorted()).map { "did you mean “\($0)”?" }
                ?? (known.isEmpty
                    ? "they have none" : "expected one of \(known.sorted().joined(separator: ", "))")
            problems.append(
                InputProblem(
                    source: "command line", line: nil, field: "--tag",
                    text: "none of the scenarios has the tag “\(tag)”; \(hint)"))
        }
        guard problems.isEmpty else { throw InputProblems(problems) }
        return all.filter { !Set($0.tags).isDisjoint(with: tags) }
    }

    /// The scenarios of files and folders, a folder's in the order of their names.
    ///
    /// - Throws: `InputProblems` with everything that is wrong in all of the files.
    package static func load(_ paths: [String]) throws(InputProblems) -> [Scenario] {
        var problems: [InputProblem] = []
        var scenarios: [Scenario] = []
        for file in files(of: paths, &problems) {
            guard let bytes = Files.bytes(of: file, limit: 1 << 20) else {
                problems.append(InputProblem(source: file, line: nil, field: "", text: "cannot be read"))
                continue
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                problems.append(InputProblem(source: file, line: nil, field: "", text: "is not UTF-8 text"))
                continue
            }
            do {
                let scenario = try ScenarioParser.parse(text, file: file)
                if let other = scenarios.first(where: { $0.name == scenario.name }) {
                    problems.append(
                        InputProblem(
                            source: file, line: nil, field: "name",
                            text: "“\(scenario.name)” is the name of the scenario in \(other.file) too"))
                }
                scenarios.append(scenario)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw InputProblems(problems) }
        return scenarios
    }

    private static func files(of paths: [String], _ problems: inout [InputProblem]) -> [String] {
        var files: [String] = []
        for path in paths {
            if Files.isFolder(path) {
                let found = yamlFiles(below: path.hasSuffix("/") ? String(path.dropLast()) : path)
                if found.isEmpty {
                    problems.append(
                        InputProblem(
                            source: path, line: nil, field: "",
                            text: "holds no scenario; expected files that end in .yaml"))
                }
                files += found
            } else if Files.exists(path) {
                files.append(path)
            } else {
                problems.append(
                    InputProblem(
                        source: path, line: nil, field: "",
                        text: "no such file or folder; “ccmlab list” shows the scenarios that there are"))
            }
        }
        return files
    }

    private static func yamlFiles(below folder: String) -> [String] {
        Files.names(in: folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            if Files.isFolder(path) { return yamlFiles(below: path) }
            return name.hasSuffix(".yaml") || name.hasSuffix(".yml") ? [path] : []
        }
    }
}
