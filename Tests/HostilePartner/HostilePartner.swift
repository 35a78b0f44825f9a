import Glibc

/// A partner that keeps to the documented protocol but for one thing.
///
///     hostile-partner LOCAL-ADDRESS PARTNER-ADDRESS WRONG
///     hostile-partner --list
///
/// Plays node 2 of the cluster that scripts/tests/verbs/pair.sh configures, says on one line what came of it, and
/// ends with status 0 when it could play its piece to the end, whatever came of it.
@main
enum HostilePartner {
    static func main() {
        let arguments = CommandLine.arguments
        if arguments.count == 2, arguments[1] == "--list" {
            for wrong in Wrong.allCases { print(wrong.rawValue) }
            return
        }
        guard arguments.count == 4, let wrong = Wrong(rawValue: arguments[3]) else {
            print(
                "usage: hostile-partner LOCAL-ADDRESS PARTNER-ADDRESS WRONG, or --list for what there is to do wrong"
            )
            exit(64)
        }
        do {
            let player = try Player(local: arguments[1], partner: arguments[2], wrong)
            print(try player.play())
        } catch {
            print("could not play on: \(error)")
            exit(1)
        }
    }
}
