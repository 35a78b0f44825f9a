import ClusterConnection

/// One of the parts into which runs are divided, so that several machines share them: `2/5` is the second of five.
///
/// Which run belongs to which part comes from its title alone: the same on every machine, whatever else is run there.
package struct Shard: Hashable, Sendable {
    /// From 1 to `count`.
    package let number: Int
    /// How many parts there are.
    package let count: Int

    /// All of it.
    package static let whole = Shard(number: 1, count: 1)

    /// How many parts there can be.
    package static let mostParts = 1_000

    private init(number: Int, count: Int) {
        self.number = number
        self.count = count
    }

    /// A part as it is written on a command line: `2/5`; nil for anything else.
    package init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
            (1...Self.mostParts).contains(count), (1...count).contains(number)
        else { return nil }
        self.init(number: number, count: count)
    }

    /// As it is written on a command line.
    package var text: String { "\(number)/\(count)" }

    /// Whether the run of this title belongs to it.
    package func contains(_ title: String) -> Bool {
        var digest = Digest()
        digest.add(title)
        return digest.value % UInt64(count) == UInt64(number - 1)
    }
}
