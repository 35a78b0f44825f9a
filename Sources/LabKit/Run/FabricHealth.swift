/// Whether the fabric itself still works: Soft-RoCE has been seen to give up on its own management queue pair, after
/// which no new connection can be made on that device whoever asks, until the device is made anew.
enum FabricHealth {
    /// The management queue pair of one device.
    struct Management: Hashable {
        var device: String
        /// `RTS` when it works.
        var state: String
        /// Of the next packet: 0 when it has never sent one.
        var sequence: UInt64
    }

    /// What is wrong with the fabric after a run, in words; nil when nothing is.
    ///
    /// - Parameter senders: the partners that tried to connect, so that their devices must have sent something.
    static func problem(senders: Set<PartnerID>) async throws -> String? {
        let outcome = try await Tool.run("rdma", ["-j", "resource", "show", "qp"])
        return problem(in: managements(in: outcome.output), senders: senders)
    }

    /// The same, for what was found.
    static func problem(in managements: [Management], senders: Set<PartnerID>) -> String? {
        for (partner, rail) in FabricNames.ends {
            let device = FabricNames.device(of: partner, rail: rail)
            guard let management = managements.first(where: { $0.device == device }) else { continue }
            // Behind the first rail there may be ones that the scenario had no use for.
            let isSilent = management.sequence == 0 && rail == 0 && senders.contains(partner)
            guard management.state != "RTS" || isSilent else { continue }
            return "the fabric failed, not the CCM: the management queue pair of \(device) is in state "
                + "\(management.state)" + (isSilent ? " and has never sent a packet" : "")
                + ". Soft-RoCE cannot make a connection on this device any more; the lab makes the fabric anew"
        }
        return nil
    }

    /// The management queue pairs in what `rdma -j resource show qp` prints.
    static func managements(in text: String) -> [Management] {
        guard case .array(let pairs)? = try? JSONReader.value(of: Array(text.utf8)[...]) else { return [] }
        return pairs.compactMap { pair in
            guard case .object(let fields) = pair, fields["type"]?.string == "GSI",
                let device = fields["ifname"]?.string, let state = fields["state"]?.string
            else { return nil }
            return Management(device: device, state: state, sequence: fields["sq-psn"]?.unsignedInteger ?? 1)
        }
    }
}
