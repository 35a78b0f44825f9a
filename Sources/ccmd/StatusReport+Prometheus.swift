// The same state as Prometheus reads it: text format 0.0.4, for the textfile collector of the node exporter, or for
// whatever serves files.

extension StatusReport {
    /// Every figure with its kind and meaning. Times in seconds, sizes in bytes, as is the custom there.
    var prometheus: String {
        var text = MetricsText(labels: [("partner", partner)])
        text.gauge("up_seconds", "Time since power-on.", seconds(of: upNs))
        text.gauge("resident_bytes_max", "Most memory the process ever had resident.", maxResidentKiB * 1_024)
        text.gauge("verdict", "1 for the verdict that is held of the partner.", 1, [("verdict", verdict)])
        text.gauge("verdict_seconds", "For how long it has been held.", seconds(of: verdictForNs))
        railGauges(&text)
        text.gauge("phase", "1 for the own boot phase.", 1, [("phase", phase)])
        text.gauge(
            "partner_phase", "1 for the partner's boot phase, as last read.", 1, [("phase", partnerPhase)])
        text.gauge("ready", "Whether both sides have said ready.", isReady ? 1 : 0)
        text.gauge("protocol_version", "The version agreed with the partner; 0 for none.", protocolVersion)
        text.family("client_ready", "gauge", "Whether the client was told ready.") { family in
            for client in clients {
                family.sample(client.state == "ready" ? 1 : 0, [("client", client.name)])
            }
        }
        text.family("client_ports", "gauge", "Ports of the client that are there.") { family in
            for client in clients { family.sample(client.ports, [("client", client.name)]) }
        }
        text.family("client_memory_bytes", "gauge", "Memory of the client that the partner reaches.") {
            family in
            for client in clients { family.sample(client.memory, [("client", client.name)]) }
        }
        if let beatMedianNs, let beatP99Ns {
            text.family("beat_seconds", "summary", "From the post of a heartbeat read to its handling.") {
                family in
                family.sample(seconds(of: beatMedianNs), [("quantile", "0.5")])
                family.sample(seconds(of: beatP99Ns), [("quantile", "0.99")])
            }
        }
        counters(&text)
        return text.lines.joined(separator: "\n") + "\n"
    }

    private func railGauges(_ text: inout MetricsText) {
        let rails = rails.enumerated().map { (labels: [("rail", "\($0.offset)")], rail: $0.element) }
        text.family("rail_link_up", "gauge", "Whether the link below the rail is up.") { family in
            for (labels, rail) in rails { family.sample(rail.physicalLink == "up" ? 1 : 0, labels) }
        }
        text.family("rail_rdma_up", "gauge", "Whether the rail's RDMA device and address are there.") {
            family in
            for (labels, rail) in rails { family.sample(rail.waitingFor == nil ? 1 : 0, labels) }
        }
        text.family("rail_connection", "gauge", "1 for the state of the rail's connection.") { family in
            for (labels, rail) in rails { family.sample(1, labels + [("state", rail.link)]) }
        }
        text.family("rail_carries_ports", "gauge", "Whether the clients' ports are on the rail.") { family in
            for (labels, rail) in rails { family.sample(rail.carriesPorts ? 1 : 0, labels) }
        }
        text.family("rail_faults_total", "counter", "Losses of the rail while another carried heartbeats.") {
            family in
            for (labels, rail) in rails { family.sample(rail.faults, labels) }
        }
    }

    private func counters(_ text: inout MetricsText) {
        text.counter("attempts", "Attempts to connect.", attempts)
        text.counter("knocks", "Knocks at the initiator's door.", knocks)
        text.counter("attempts_dropped", "Attempts that stayed unanswered.", attemptsDropped)
        text.counter("attempts_failed", "Attempts that failed or were refused.", attemptsFailed)
        text.counter("requests", "Connection requests that arrived.", requests)
        text.family("rejects_total", "counter", "Connection requests refused, by reason.") { family in
            for (reason, count) in rejects.sorted(by: { $0.key < $1.key }) {
                family.sample(count, [("reason", reason)])
            }
        }
        text.family("losses_total", "counter", "Connections that ended, by the verdict given.") { family in
            for (verdict, count) in losses.sorted(by: { $0.key < $1.key }) {
                family.sample(count, [("verdict", verdict)])
            }
        }
        text.counter("handshakes_failed", "Boot handshakes that failed.", handshakesFailed)
        text.counter("established", "Times the connection was established.", establishedCount)
        text.counter("beats", "Heartbeat reads that brought a whole block.", beats)
        text.counter("misses", "Heartbeat reads that found the counter where it was.", misses)
        text.counter("torn_reads", "Reads of a block in the middle of being changed.", tornReads)
        text.counter("late_ticks", "Intervals in which this process did not run in time.", lateTicks)
        text.counter("messages_sent", "Messages sent to the partner.", messagesSent)
        text.counter("messages_received", "Messages taken from the partner.", messagesReceived)
        text.counter("violations", "Messages that were not what the protocol says.", violations)
        text.counter(
            "accesses_refused", "Requests of the partner for memory that is not open to it.", accessesRefused)
        text.counter("stale_events", "Events of connections that were already retired.", staleEvents)
    }

    private func seconds(of nanoseconds: UInt64) -> String {
        let fraction = String(nanoseconds % 1_000_000_000)
        return "\(nanoseconds / 1_000_000_000)."
            + String(repeating: "0", count: 9 - fraction.count) + fraction
    }
}

/// Lines of the text format, every name with the prefix `ccm_`.
private struct MetricsText {
    var lines: [String] = []
    private let labels: [(String, String)]

    init(labels: [(String, String)]) { self.labels = labels }

    /// Samples under one name.
    struct Family {
        fileprivate var lines: [String] = []
        fileprivate let name: String
        fileprivate let labels: [(String, String)]

        mutating func sample(_ value: some CustomStringConvertible, _ more: [(String, String)] = []) {
            let all = (labels + more).map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            lines.append("\(name){\(all)} \(value)")
        }

        /// Scalar by scalar: a sign that is followed by a mark, and a return by a new line, are one `Character`.
        private static func escaped(_ text: String) -> String {
            text.unicodeScalars.reduce(into: "") { result, scalar in
                switch scalar {
                case "\\", "\"": result += "\\\(scalar)"
                case "\n": result += "\\n"
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
    }

    mutating func family(_ name: String, _ type: String, _ help: String, _ fill: (inout Family) -> Void) {
        var family = Family(name: "ccm_" + name, labels: labels)
        fill(&family)
        guard !family.lines.isEmpty else { return }
        lines += ["# HELP \(family.name) \(help)", "# TYPE \(family.name) \(type)"] + family.lines
    }

    mutating func gauge(
        _ name: String, _ help: String, _ value: some CustomStringConvertible,
        _ labels: [(String, String)] = []
    ) {
        family(name, "gauge", help) { $0.sample(value, labels) }
    }

    mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        family(name + "_total", "counter", help) { $0.sample(value) }
    }
}
