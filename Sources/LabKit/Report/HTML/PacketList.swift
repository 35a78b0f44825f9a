/// The packets of a run's capture with their RoCE headers, as tshark decodes them. Of others, which a program that is not
/// `ccmd` may send, the protocol.
struct PacketList: Sendable {
    struct Packet: Hashable, Sendable {
        /// By the wall clock, in nanoseconds, as the kernel stamped it.
        var wall: UInt64
        var source: String
        var target: String
        var opcode: String
        var queuePair: String
        var number: String
        /// What the other headers say: address and length, or how it was acknowledged.
        var detail: String
        var isRefusal: Bool
        var bytes: String
    }

    /// Those that are shown.
    var packets: [Packet] = []
    /// How many of each opcode the capture holds, most first.
    var counts: [(opcode: String, count: Int)] = []
    /// Why there is no list, or what was left out of it.
    var note: String

    /// No list, and why.
    init(note: String) { self.note = note }

    private static let fields = [
        "frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "infiniband.bth.opcode",
        "infiniband.bth.destqp", "infiniband.bth.psn", "infiniband.reth.va", "infiniband.reth.dmalen",
        "infiniband.aeth.syndrome", "infiniband.aeth.msn", "infiniband.mad.attributeid", "frame.len",
        "frame.protocols", "udp.dstport", "tcp.dstport",
    ]
    /// So many packets are read of one capture, and so many shown where there is room.
    private static let mostRead = 20_000
    static let mostShown = 240

    /// Decodes the capture of a run's folder, to show at most so many packets of it.
    init(in folder: String, most: Int = mostShown) async {
        let path = "\(folder)/capture.pcap"
        guard Files.exists(path) else {
            self.init(
                note:
                    "there is no capture: it was taken in the simulator, measured speed, or was told to keep none"
            )
            return
        }
        do {
            let arguments =
                ["-n", "-r", path, "-c", "\(Self.mostRead)", "-T", "fields"]
                + Self.fields.flatMap { ["-e", $0] }
            let outcome = try await Tool.run("tshark", arguments, most: 16 << 20)
            guard outcome.status.isSuccess || !outcome.output.isEmpty else {
                self.init(note: "tshark could not read capture.pcap: \(outcome.lastReason)")
                return
            }
            self.init(fields: outcome.output, most: most)
            if !outcome.status.isSuccess {
                note += "; tshark stopped there: \(outcome.lastReason)"
            }
        } catch {
            self.init(note: "the capture could not be decoded: \(error); scripts/setup installs tshark")
        }
    }

    /// The list of what `tshark -T fields` printed.
    init(fields text: String, most: Int = mostShown) {
        let all = text.split(separator: "\n").compactMap { Packet(fields: $0) }
        // Those behind the first ones are heartbeats mostly.
        let mostAtFirst = most * 2 / 3
        var shown: [Int] = []
        for (index, packet) in all.enumerated() where shown.count < most {
            if index < mostAtFirst || packet.isRefusal || packet.opcode.hasPrefix("CM") {
                shown.append(index)
            }
        }
        packets = shown.map { all[$0] }
        counts = Dictionary(grouping: all, by: \.opcode).map { ($0.key, $0.value.count) }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
        let left = all.count - packets.count
        note = "\(all.count) packets"
        if all.count == Self.mostRead { note = "the first \(all.count) packets of the capture" }
        if left > 0 {
            note +=
                ", \(left) of them left out: the first \(min(all.count, mostAtFirst)) are shown, then "
                + "connection management and refusals only"
        }
    }
}

extension PacketList.Packet {
    /// A line of `tshark -T fields`; nil for one that holds no packet.
    fileprivate init?(fields line: Substring) {
        let values = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard values.count >= 17, let wall = Self.nanoseconds(values[0]) else { return nil }
        self.wall = wall
        source = values[1].isEmpty ? values[3] : values[1]
        target = values[2].isEmpty ? values[4] : values[2]
        queuePair = values[6]
        number = values[7]
        bytes = values[13]
        guard let opcode = Int(values[5]) else {
            // The innermost of eth:ethertype:ip:udp:bfd.
            self.opcode =
                values[14].split(separator: ":").last { $0 != "data" }.map { $0.uppercased() } ?? "?"
            detail = zip(["UDP", "TCP"], values[15...16]).filter { !$1.isEmpty }.map { "to \($0) port \($1)" }
                .joined(separator: "; ")
            isRefusal = false
            return
        }
        let isManagement = opcode == 100 && Self.number(values[6]) == 1
        let attribute = Self.number(values[12])
        self.opcode =
            isManagement
            ? "CM \(attribute.flatMap { Self.messages[$0] } ?? "message")" : Self.name(of: opcode)
        var details: [String] = []
        if !values[8].isEmpty { details.append("\(values[9]) bytes at \(Self.short(values[8]))") }
        let syndrome = Self.number(values[10]).map { Self.syndrome($0) }
        if let syndrome { details.append("\(syndrome.text), message \(values[11])") }
        isRefusal = syndrome?.isRefusal ?? false
        detail = details.joined(separator: "; ")
    }

    /// Seconds with their decimals, exact: a `Double` of the seconds since 1970 knows no nanoseconds.
    private static func nanoseconds(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seconds = UInt64(parts[0]), seconds < 1 << 33 else { return nil }
        let digits = parts.count == 2 ? parts[1].prefix(9) : ""
        guard let decimals = UInt64(digits + String(repeating: "0", count: 9 - digits.count)) else {
            return nil
        }
        return seconds * 1_000_000_000 + decimals
    }

    /// A number as tshark prints it, in hexadecimal or not.
    private static func number(_ text: String) -> Int? {
        text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    /// An address without the zeros in front.
    private static func short(_ text: String) -> String {
        number(text).map { "0x" + String($0, radix: 16) } ?? text
    }

    /// InfiniBand specification 1.4, table 35: the reliable connection's opcodes.
    private static let reliable = [
        "SEND first", "SEND middle", "SEND last", "SEND last, immediate", "SEND only", "SEND only, immediate",
        "WRITE first", "WRITE middle", "WRITE last", "WRITE last, immediate", "WRITE only",
        "WRITE only, immediate", "READ request", "READ response first", "READ response middle",
        "READ response last", "READ response only", "ACK", "ATOMIC ACK", "COMPARE SWAP", "FETCH ADD",
    ]

    private static func name(of opcode: Int) -> String {
        reliable.indices.contains(opcode)
            ? reliable[opcode] : opcode == 100 ? "UD SEND only" : "opcode \(opcode)"
    }

    /// The same, chapter 12: messages of connection management, by attribute.
    private static let messages = [
        0x10: "REQ", 0x11: "MRA", 0x12: "REJ", 0x13: "REP", 0x14: "RTU", 0x15: "DREQ", 0x16: "DREP",
        0x17: "SIDR REQ", 0x18: "SIDR REP", 0x19: "LAP", 0x1A: "APR",
    ]

    /// The same, 9.7.5: what an acknowledgement says.
    private static func syndrome(_ value: Int) -> (text: String, isRefusal: Bool) {
        let refusals = [
            "PSN sequence error", "invalid request", "remote access error", "remote operational error",
            "invalid RD request",
        ]
        let code = value & 0x1F
        switch value >> 5 & 0x3 {
        case 0: return ("ACK", false)
        case 1: return ("RNR NAK", true)
        case 3: return ("NAK: \(refusals.indices.contains(code) ? refusals[code] : "code \(code)")", true)
        default: return ("syndrome \(value)", false)
        }
    }
}
