import ArgumentParser
import LabKit

/// Which part of all runs is done here.
struct Part: ParsableArguments {
    @Option(
        name: .customLong("shard"),
        help: """
            Do only part K of N parts, such as 2/5, and leave the others to other machines; “ccmlab merge” joins \
            their run folders.
            """,
        transform: { text in
            guard let shard = Shard(text: text) else {
                throw ValidationError(
                    "--shard takes K/N, such as 2/5, with N from 1 to \(Shard.mostParts) and K from 1 to N, not “\(text)”"
                )
            }
            return shard
        })
    var shard = Shard.whole

    /// The same for another ccmlab.
    var arguments: [String] { shard == .whole ? [] : ["--shard", shard.text] }
}
