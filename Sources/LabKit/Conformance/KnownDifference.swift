/// A difference between the simulator and Soft-RoCE that is meant to be, with its reason.
struct KnownDifference: Hashable, Sendable {
    /// The scenarios that have it.
    let scenarios: [String]
    /// The lives that have it.
    let lives: [String]
    let difference: SequenceDifference
    let reason: String

    func covers(_ scenario: String, _ life: String, _ difference: SequenceDifference) -> Bool {
        scenarios.contains(scenario) && lives.contains(life) && difference == self.difference
    }

    /// All of them. One that is not met any more is a mistake of this list.
    static let all: [KnownDifference] = []
}
