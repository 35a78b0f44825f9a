import ArgumentParser
import ClusterConnection
import Foundation
import PartnerRuntime

/// Has a running partner announce a phase of its node's boot.
struct Announce: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Announce to the partner how far this node's storage OS is.",
        discussion: """
            For whoever starts the storage operating system, such as its service
            (ExecStartPost=). The configuration has to say “announced” for the phase,
            in the place of a time:

              boot: { storageOSLoading: announced, storageOSActive: announced }

            That it panicked can always be announced. A phase that is announced a second
            time is left as it is, and no phase is taken back.
            """)

    @Argument(help: "The phase that has begun.")
    var phase: AnnouncedPhase

    @Option(name: .long, help: "The socket that the partner was started with.")
    var control: String

    func run() throws {
        do {
            let answer = try ControlClient.ask(.announce(phase.phase), at: control)
            let reply = try? JSONDecoder().decode(Reply.self, from: Data(answer))
            if reply?.announced != nil { return }
            StandardError.write(
                "ccmd: \(reply?.refused ?? "what \(control) answered is no answer of this version")")
        } catch {
            StandardError.write("ccmd: \(error)")
        }
        throw ExitCode(1)
    }

    private struct Reply: Decodable {
        var announced: String?
        var refused: String?
    }
}

/// A phase that can be announced, by its name.
struct AnnouncedPhase: ExpressibleByArgument, CaseIterable {
    let phase: BootPhase

    static let allCases = ControlRequest.announced.map(AnnouncedPhase.init(phase:))
    static let allValueStrings = allCases.map(\.defaultValueDescription)

    init(phase: BootPhase) { self.phase = phase }

    init?(argument: String) {
        guard let phase = Self.allCases.first(where: { $0.defaultValueDescription == argument }) else {
            return nil
        }
        self = phase
    }

    var defaultValueDescription: String { "\(phase.name)" }
}
