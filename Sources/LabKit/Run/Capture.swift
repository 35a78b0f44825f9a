import ClusterConnection
import Glibc
import Subprocess

/// The packet capture of one run: tcpdump in the namespace of partner a.
struct Capture: Sendable {
    enum Report: Sendable {
        /// The capture sees packets from now on.
        case listening(pid: pid_t)
        /// It is over; how many packets it saw and missed, in tcpdump's words.
        case ended([String])
        case failed(String)
        /// This run keeps no packets.
        case none
    }

    var file: String
    var rails: Int
    /// Whether all packets are kept and not RoCE's alone: what a program other than `ccmd` sends is its own affair.
    var keepsAll: Bool

    /// Captures until the process is sent SIGINT. A cancelled task kills it.
    func run(_ report: @escaping @Sendable (Report) -> Void) async {
        let link = rails == 1 ? FabricNames.link(of: .a) : "any"
        // 384 bytes of a packet hold every header, all that the CCM writes, and a whole message of connection management
        // (322 bytes), which nobody decodes otherwise. RoCE is UDP to port 4791.
        let arguments =
            ["netns", "exec", FabricNames.namespace(of: .a), "tcpdump", "-Z", "root", "-n", "-i", link]
            + ["-s", "384", "-B", "4096", "-U", "--immediate-mode", "-w", file]
            + (keepsAll ? [] : ["udp", "port", "4791"])
        do {
            let result = try await Subprocess.run(
                .name("ip"), arguments: Arguments(arguments), environment: Tool.toolEnvironment,
                platformOptions: Tool.ownGroup, input: .none, output: .discarded, error: .sequence
            ) { execution in
                var splitter = LineSplitter()
                var lines: [String] = []
                for try await chunk in execution.standardError {
                    for line in splitter.lines(of: chunk.withUnsafeBytes { Array($0) }) {
                        let text = String(decoding: line, as: UTF8.self)
                        lines.append(text)
                        if text.contains("listening on") {
                            report(.listening(pid: execution.processIdentifier.value))
                        }
                    }
                }
                return lines
            }
            let lines = result.closureResult
            guard result.terminationStatus.isSuccess else {
                let why = lines.last ?? result.terminationStatus.text
                report(.failed("the packet capture (tcpdump) failed: \(why)"))
                return
            }
            report(.ended(lines.filter { $0.contains("packets") }))
        } catch {
            report(.failed("the packet capture (tcpdump) could not run: \(error)"))
        }
    }
}
