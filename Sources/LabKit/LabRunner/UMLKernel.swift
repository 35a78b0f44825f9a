/// The User-Mode Linux kernel that `scripts/setup` built, with what belongs to it.
package struct UMLKernel: Sendable {
    /// Its folder.
    let folder: String

    /// The kernel that `scripts/uml` would boot.
    ///
    /// - Throws: `LabError` where there is none.
    package static func find() throws(LabError) -> UMLKernel {
        if let named = environmentValue("CCM_LAB_UML_KERNEL") {
            guard Files.exists("\(named)/linux") else {
                throw LabError(
                    "CCM_LAB_UML_KERNEL is \(named), which holds no “linux”; set it to the folder of a User-Mode Linux "
                        + "kernel that scripts/setup built, or unset it")
            }
            return UMLKernel(folder: named)
        }
        guard let cache = Files.cacheFolder else {
            throw LabError("neither HOME nor CCM_LAB_CACHE is set; set one, and run scripts/setup")
        }
        let folder = "\(cache)/uml/current"
        guard Files.exists("\(folder)/linux") else {
            throw LabError(
                "there is no User-Mode Linux kernel at \(folder); scripts/setup builds one, and --fabric vm needs none"
            )
        }
        return UMLKernel(folder: folder)
    }

    /// Whether there is one.
    package static var isThere: Bool { (try? find()) != nil }

    /// Its release, such as 7.3.4.
    func release() async throws -> String {
        let outcome = try await Tool.run("\(folder)/linux", ["--version"])
        let text = outcome.output.trimmed
        guard outcome.status.isSuccess, !text.isEmpty else {
            throw LabError(
                "\(folder)/linux does not run: \(outcome.lastReason); remove the folder and run scripts/setup again"
            )
        }
        return text
    }

    /// The SHA-256 of the kernel and of what belongs to it.
    func digest() async throws -> String {
        try await Userland.digest(of: ["linux", "entropy.so", "init"].map { "\(folder)/\($0)" })
    }
}
