import ClusterConnection
import Foundation
import PartnerRuntime

/// A partner process with a client of its own: `outside CONFIGURATION`.
@main
struct Outside {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: outside CONFIGURATION")
            return
        }
        let path = CommandLine.arguments[1]
        let configuration = try Configuration(
            yaml: try String(contentsOfFile: path, encoding: .utf8), source: path)
        let partner = try Partner(configuration, events: "/dev/null")
        guard let name = Name("relay") else { return }
        partner.add(Relay(name))
        try partner.run()
    }
}
