import Verbs

extension RuntimeError {
    /// Why the boot port could not be opened, in terms of the configuration.
    init(_ error: VerbsError, opening rail: Configuration.Rail) {
        self.init(
            "cannot open the boot port (rail.address \(rail.address.text), rail.bootPort \(rail.bootPort)): \(error)"
        )
    }
}
