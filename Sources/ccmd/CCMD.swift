import ArgumentParser

/// The partner process.
@main
struct CCMD: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ccmd",
        abstract:
            "A cluster connection manager: one partner of a pair, connected over RDMA from its boot on.",
        discussion: """
            EXAMPLES
              ccmd run --config partner-a.yaml
              ccmd run --config partner-a.yaml --set heartbeat.interval=20ms
              ccmd status --control /run/ccmd.sock
              ccmd announce storageOSActive --control /run/ccmd.sock

            EXIT STATUS
              0   orderly end (SIGTERM or SIGINT)
              1   could not start or go on; standard error and the history say why
              64  wrong usage or a wrong configuration; nothing was started
            """,
        version: "0.1.0",
        subcommands: [Run.self, Status.self, Announce.self])
}
