import ClusterConnection
import Glibc

/// The fabric of this kernel and the folder in which evidence is gathered, from the first run to the last.
struct LabSession {
    let tools: RunTools
    let environment: LabEnvironment
    /// Where runs put their evidence until all is over.
    let stage: String
    /// What was there before the first run.
    let before: Surroundings
    /// Nil where the fabric is somebody else's.
    private let ownFabric: Fabric?
    private let output: String

    /// Makes the fabric, with as many rails as any of the runs needs.
    ///
    /// - Parameter keepsAll: whether runs leave packets and recordings; what measures speed does not.
    /// - Throws: `LabError` when it could not be made; then there is none.
    static func open(
        checkout: Checkout, ccmd: String, keepsAll: Bool, rails: Int, output: String,
        _ display: inout Display
    ) async throws -> LabSession {
        becomeNice()
        // Sharing a file with the host while a run is on would take the host's time in virtual time.
        let isInVM = environmentValue("CCM_LAB_IN_VM") == "1"
        let stage = isInVM ? "/tmp/ccm-lab-run-\(getpid())" : output
        try Files.makeFolder(stage)
        let environment = await LabEnvironment.now(ccmd: ccmd, root: checkout.root)
        let tools = RunTools(
            ccmd: ccmd, root: checkout.root, fabricScript: checkout.fabricScript, fabric: .ofThisKernel,
            clock: environment.clock, kernel: environment.kernel, capturesPackets: keepsAll,
            recordsLives: keepsAll)
        let fabric = Fabric(script: checkout.fabricScript, rails: rails)
        display.status("making the fabric")
        let isOwn = try await fabric.up()
        do {
            return LabSession(
                tools: tools, environment: environment, stage: stage, before: try await Surroundings.now(),
                ownFabric: isOwn ? fabric : nil, output: output)
        } catch {
            if isOwn { _ = await fabric.down() }
            throw error
        }
    }

    /// Makes the fabric anew. Soft-RoCE devices have been seen to stop sending for good: what one run broke must not
    /// break the next.
    func renewFabric(_ display: inout Display) async throws {
        guard let ownFabric else { return }
        display.status("making the fabric anew")
        try await ownFabric.renew()
    }

    /// Takes the fabric down, also when the lab was interrupted.
    ///
    /// - Returns: what went wrong; nil when it is gone.
    func takeFabricDown(_ display: inout Display) async -> String? {
        display.status("taking the fabric down")
        return await ownFabric?.down()
    }

    /// Brings the evidence to where it is wanted.
    func deliver() throws {
        guard stage != output else { return }
        try Files.copyAll(below: stage, to: output)
        Files.removeFolder(stage)
    }

    /// Brings one run's evidence there, before the end.
    func deliver(_ folder: String) throws {
        guard stage != output else { return }
        try Files.copyAll(below: "\(stage)/\(folder)", to: "\(output)/\(folder)")
        Files.removeFolder("\(stage)/\(folder)")
    }

    /// Brings what is told of all runs so far there, before the end.
    func deliverReports() throws {
        guard stage != output else { return }
        try Files.copyFiles(of: stage, to: output)
    }

    /// The partners come first: every thread of the lab goes to the back of the queue.
    private static func becomeNice() {
        for thread in Files.names(in: "/proc/self/task") {
            guard let number = UInt32(thread) else { continue }
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), number, 19)
        }
    }
}
