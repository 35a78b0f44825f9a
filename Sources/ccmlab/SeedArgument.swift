import ArgumentParser

/// The value of `--seed`.
enum SeedArgument: Hashable, ExpressibleByArgument {
    case random
    case number(UInt64)

    init?(argument: String) {
        if argument == "random" {
            self = .random
        } else if let number = UInt64(argument) {
            self = .number(number)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { ["random"] }
    var defaultValueDescription: String { "" }
}
