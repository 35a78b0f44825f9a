import ClusterConnection

/// RDMA writes of one partner that the lab holds back at its end of the rail, while all else passes.
///
/// A queueing discipline that can be plugged takes the packets whose BTH says RDMA WRITE, others the rest. What arrives at
/// the other side is counted there, before its RDMA device sees it. All of it is there before a partner boots: while a
/// queueing discipline is put in the place of another, Soft-RoCE's packets are refused, and its queue pairs break.
struct HeldWrites: Sendable {
    /// What came of a release.
    struct Release: Sendable {
        /// Packets that were held back until then.
        var held: UInt64
        /// Packets of writes that reached the other side from then on, repetitions among them.
        var arrived: UInt64
    }

    private let partner: PartnerID
    private let rails: [Int]

    /// Whether its end of the rails has a queue already (`Rail.prepare`), beneath which this one is put.
    private let isBeneath: Bool

    init(of partner: PartnerID, on rails: Set<Int>, beneathQueues: Bool = false) {
        self.partner = partner
        self.rails = rails.sorted()
        isBeneath = beneathQueues
    }

    /// How long the packets may take to the other side.
    private static let patience = TimeSpan.seconds(2)
    /// The RC opcodes 6 to 11, RDMA WRITE in all its forms, as value and mask.
    private static let opcodes = ["0x06 0xfe", "0x08 0xfc"]
    /// Where the BTH begins, behind the headers of IP and UDP.
    private static let protocols = [("ip", "ip", 28), ("ipv6", "ip6", 48)]

    /// Makes rails that can hold writes back, and do not yet.
    ///
    /// - Throws: when tc(8) did not make it so.
    func prepare() async throws {
        for rail in rails {
            let sender = FabricNames.link(of: partner, rail: rail)
            let receiver = FabricNames.link(of: partner.other, rail: rail)
            try await batch(
                at: partner.other,
                "qdisc add dev \(receiver) handle ffff: ingress\n"
                    + Self.filters(on: receiver, parent: "ffff:", "action continue"))
            try await batch(
                at: partner,
                "qdisc add dev \(sender) \(isBeneath ? "parent \(Rail.handle)1" : "root") handle 2: prio bands 4\n"
                    + "qdisc add dev \(sender) parent 2:4 handle 40: plug\n"
                    + plug(rail, "release_indefinite")
                    + Self.filters(on: sender, parent: "2:", "flowid 2:4"))
        }
    }

    /// Holds back what the partner writes from now on.
    ///
    /// - Throws: when tc(8) did not make it so.
    func hold() async throws {
        for rail in rails { try await batch(at: partner, plug(rail, "block")) }
    }

    private func plug(_ rail: Int, _ what: String) -> String {
        "qdisc change dev \(FabricNames.link(of: partner, rail: rail)) parent 2:4 handle 40: plug \(what)\n"
    }

    /// Lets everything out that was held back, and waits until it has arrived.
    ///
    /// - Throws: when nothing was held back, or did not arrive.
    func release() async throws -> Release {
        var release = Release(held: 0, arrived: 0)
        for rail in rails { release.held += try await heldCount(on: rail) }
        guard release.held > 0 else {
            throw LabError("none of \(partner.rawValue)'s writes was held back: there was none under way")
        }
        let before = try await arrivedCount()
        try await letThrough()
        let limit = MonotonicClock.now + Self.patience
        repeat {
            release.arrived = try await arrivedCount() - before
            guard MonotonicClock.now < limit else {
                throw LabError(
                    "of \(release.held) packets of \(partner.rawValue)'s writes only \(release.arrived) arrived"
                )
            }
        } while release.arrived < release.held
        return release
    }

    /// Lets everything out that is held back.
    func letThrough() async throws {
        for rail in rails { try await batch(at: partner, plug(rail, "release_indefinite")) }
    }

    /// Leaves the rails as they were before `prepare`, whatever is held back; others stay as they are.
    ///
    /// - Throws: when something of it is still there.
    func drop() async throws {
        for rail in rails {
            for (end, what) in [(partner, "root"), (partner.other, "ingress")] {
                let device = FabricNames.link(of: end, rail: rail)
                let output = try await tc(
                    at: end, ["-force", "-batch", "-"],
                    input: "qdisc del dev \(device) \(what)\nqdisc show dev \(device)\n"
                ).output
                if output.contains("plug") || output.contains("ingress") {
                    throw LabError("writes are still held back on \(device): \(output)")
                }
            }
        }
    }

    private static func filters(on device: String, parent: String, _ rest: String) -> String {
        protocols.enumerated().map { place, names in
            let (name, word, offset) = names
            return opcodes.map { opcode in
                "filter add dev \(device) parent \(parent) protocol \(name) prio \(place + 1) u32 "
                    + "match \(word) protocol 17 0xff match \(word) dport 4791 0xffff "
                    + "match u8 \(opcode) at \(offset) \(rest)\n"
            }.joined()
        }.joined()
    }

    /// How many packets are held back.
    private func heldCount(on rail: Int) async throws -> UInt64 {
        let device = FabricNames.link(of: partner, rail: rail)
        let text = try await tc(at: partner, ["-j", "-s", "qdisc", "show", "dev", device]).output
        guard let count = Self.heldCount(in: text) else {
            throw LabError("no queue holds writes back on \(device): \(text)")
        }
        return count
    }

    /// The length of the queue that holds writes back, in what `tc -j -s qdisc show` prints.
    static func heldCount(in text: String) -> UInt64? {
        guard case .array(let queues)? = try? JSONReader.value(of: Array(text.utf8)[...]) else { return nil }
        for case .object(let queue) in queues where queue["kind"]?.string == "plug" {
            return queue["qlen"]?.unsignedInteger
        }
        return nil
    }

    /// How many packets of writes have reached the other side.
    private func arrivedCount() async throws -> UInt64 {
        var count: UInt64 = 0
        for rail in rails {
            let device = FabricNames.link(of: partner.other, rail: rail)
            let arguments = ["-s", "filter", "show", "dev", device, "parent", "ffff:"]
            count += Self.arrivedCount(in: try await tc(at: partner.other, arguments).output)
        }
        return count
    }

    /// The sum of the packets that filters saw, in what `tc -s filter show` prints: `Sent 1234 bytes 5 pkt (...)`.
    static func arrivedCount(in text: String) -> UInt64 {
        text.split(separator: "\n").reduce(0) { sum, line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 5, words[0] == "Sent", words[2] == "bytes" else { return sum }
            return sum + (UInt64(words[3]) ?? 0)
        }
    }

    private func batch(at end: PartnerID, _ commands: String) async throws {
        _ = try await tc(at: end, ["-batch", "-"], input: commands)
    }

    private func tc(
        at end: PartnerID, _ arguments: [String], input: String = ""
    ) async throws -> Tool.Outcome {
        let outcome = try await Tool.run(
            "tc", ["-n", FabricNames.namespace(of: end)] + arguments, input: input)
        guard outcome.status.isSuccess || arguments.contains("-force") else {
            throw LabError(
                "tc \(arguments.joined(separator: " ")) at \(end.rawValue)'s end: \(outcome.reason)")
        }
        return outcome
    }
}
