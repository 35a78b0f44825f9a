import ReferenceSupport
import Testing

@testable import ccmd

/// What `ccmd status --prometheus` prints is the text format 0.0.4, whoever chose the words in it, and what its page says.
@Suite("Metrics for Prometheus")
struct PrometheusTests {
    @Test("all that is known is told: each family once, its samples behind its help and type, none twice")
    func full() throws {
        let families = try Exposition(StatusReport.full().prometheus).families
        #expect(families.count > 30)
        #expect(families.allSatisfy { $0.name.hasPrefix("ccm_") })
        for family in families {
            #expect((family.type == "counter") == family.name.hasSuffix("_total"), "\(family.name)")
            #expect(family.samples.allSatisfy { $0.value >= 0 && $0.value.isFinite }, "\(family.name)")
        }
    }

    @Test("of what is not known there is no family")
    func bare() throws {
        let all = Set(try Exposition(StatusReport.full().prometheus).families.map(\.name))
        let bare = Set(try Exposition(StatusReport.bare.prometheus).families.map(\.name))
        #expect(
            all.subtracting(bare) == [
                "ccm_rail_link_up", "ccm_rail_rdma_up", "ccm_rail_connection", "ccm_rail_carries_ports",
                "ccm_rail_faults_total", "ccm_client_ready", "ccm_client_ports", "ccm_client_memory_bytes",
                "ccm_beat_seconds", "ccm_rejects_total", "ccm_losses_total",
            ])
        #expect(bare.subtracting(all) == [])
    }

    /// The signs that the format needs, alone and where Swift takes them together with their neighbours for one character.
    @Test(
        "whatever a name holds comes out as it went in",
        arguments: [
            "a\"b", "a\\b", "a\nb", "\"", "\\", "\n", "\\n", "\\\"", "a\r\nb", "\r\n", "\r", "\n\r\n",
            "\"\u{301}", "\\\u{301}", "\n\u{301}", "\"\u{200D}", "\"\u{FE0F}\u{20E3}",
            "x\"} 1\nccm_ready{partner=\"b", "# HELP ccm_ready", "a,b={c}", " ", "\t", "\0", "é", "e\u{301}",
            "节点", "👩‍👩‍👧",
        ])
    func hostile(_ text: String) throws {
        let plain = try Exposition(StatusReport.full().prometheus).families
        let families = try Exposition(StatusReport.full(text: text).prometheus).families
        try #require(families.map(\.name) == plain.map(\.name))
        for (family, one) in zip(families, plain) {
            try #require(family.samples.count == one.samples.count, "\(family.name)")
            // In the order of their values' names, which is another with other names.
            for label in Set(one.samples.flatMap(\.labels.keys)) {
                func values(_ family: Exposition.Family) -> [[UInt8]] {
                    family.samples.map { Array(($0.labels[label] ?? "").utf8) }
                        .sorted { $0.lexicographicallyPrecedes($1) }
                }
                let wanted = values(one).map { value -> [UInt8] in
                    switch value {
                    case Array("a".utf8): Array(text.utf8)
                    case Array("a-2".utf8): Array((text + "-2").utf8)
                    default: value
                    }
                }
                #expect(
                    values(family) == wanted.sorted { $0.lexicographicallyPrecedes($1) },
                    "\(family.name), \(label)")
            }
        }
    }

    /// Prometheus tells labels apart by their bytes.
    @Test("each sample tells whose it is, and the page names each metric with its labels")
    func page() throws {
        let families = try Exposition(StatusReport.full(text: "node-a").prometheus).families
        let told = try #require(ReferencePage("docs/ccmd.md").tables["metric"]).map { cell in
            let parts = cell.split(separator: "{")
            return (name: String(parts[0]), label: parts.dropFirst().first?.prefix { $0 != "=" })
        }
        let names = Set(families.map(\.name))
        #expect(names.subtracting(told.map(\.name)) == [], "not told in docs/ccmd.md")
        #expect(Set(told.map(\.name)).subtracting(names) == [], "no metric, and told in docs/ccmd.md")
        let general: Set = ["partner", "rail", "client"]
        for family in families {
            for sample in family.samples {
                #expect(sample.labels["partner"] == "node-a", "\(family.name)")
                let own = Set(sample.labels.keys).subtracting(general)
                let wanted = told.first { $0.name == family.name }?.label.map { [String($0)] } ?? []
                #expect(own == Set(wanted), "\(family.name)")
                #expect((sample.labels["rail"] != nil) == family.name.hasPrefix("ccm_rail_"))
                #expect((sample.labels["client"] != nil) == family.name.hasPrefix("ccm_client_"))
            }
        }
    }

    @Test("figures are what the partner told, in seconds and bytes")
    func figures() throws {
        let families = try Exposition(StatusReport.full().prometheus).families
        func value(_ name: String, _ label: String = "", _ wanted: String = "") -> Double? {
            let samples = families.first { $0.name == name }?.samples ?? []
            let fitting = samples.filter { label.isEmpty || $0.labels[label] == wanted }
            return fitting.count == 1 ? fitting[0].value : nil
        }
        #expect(value("ccm_up_seconds") == 51.500000001)
        #expect(value("ccm_verdict_seconds") == 30.1)
        #expect(value("ccm_verdict", "verdict", "a") == 1)
        #expect(value("ccm_beat_seconds", "quantile", "0.5") == 0.000095)
        #expect(value("ccm_beat_seconds", "quantile", "0.99") == 1.250000001)
        #expect(value("ccm_resident_bytes_max") == 3_072)
        #expect(value("ccm_ready") == 1 && value("ccm_protocol_version") == 2)
        #expect(value("ccm_rail_link_up", "rail", "0") == 1 && value("ccm_rail_link_up", "rail", "1") == 0)
        #expect(value("ccm_rail_rdma_up", "rail", "0") == 1 && value("ccm_rail_rdma_up", "rail", "1") == 0)
        #expect(value("ccm_rail_carries_ports", "rail", "1") == 0)
        #expect(value("ccm_rail_faults_total", "rail", "1") == 7)
        #expect(
            value("ccm_client_ready", "client", "a") == 1 && value("ccm_client_ready", "client", "a-2") == 0)
        #expect(value("ccm_client_ports", "client", "a") == 4)
        #expect(value("ccm_client_memory_bytes", "client", "a") == 262_144)
        #expect(value("ccm_rejects_total", "reason", "initiating") == 3)
        #expect(value("ccm_losses_total", "verdict", "dead") == 4)
        // Each counter has a figure of its own in the sample.
        let counters: [(String, Double)] = [
            ("attempts", 10), ("knocks", 9), ("attempts_dropped", 8), ("attempts_failed", 7), ("requests", 6),
            ("handshakes_failed", 5), ("established", 2), ("beats", 5_029), ("misses", 14),
            ("torn_reads", 1), ("messages_sent", 12), ("messages_received", 13), ("violations", 15),
            ("accesses_refused", 16), ("stale_events", 17), ("late_ticks", Double(UInt64.max)),
        ]
        for (name, figure) in counters { #expect(value("ccm_\(name)_total") == figure, "\(name)") }
    }

    /// So that the tests above can fail.
    @Test(
        "what is not the format is not read",
        arguments: [
            "ccm_a 1\n", "# HELP ccm_a x\n# TYPE ccm_a gauge\n",
            "# TYPE ccm_a gauge\n# HELP ccm_a x\nccm_a 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a 1", "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a 1\n\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a 1\nccm_a 2\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"c\",d=\"e\"} 1\nccm_a{d=\"e\",b=\"c\"} 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a 1\n# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"\"} 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a figure\nccm_a 1\n", "# HELP ccm_a x\n# TYPE ccm_b gauge\nccm_b 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"\\r\"} 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"c\nd\"} 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"c\"d\"} 1\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{b=\"c\"} one\n",
            "# HELP ccm_a x\n# TYPE ccm_a gauge\nccm_a{1b=\"c\"} 1\n",
        ])
    func strict(_ text: String) {
        #expect(throws: Exposition.Problem.self) { _ = try Exposition(text) }
    }
}
