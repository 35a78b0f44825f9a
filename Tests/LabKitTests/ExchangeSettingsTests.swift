import ClusterConnection
import StrictYAML
import Testing

@testable import LabKit

/// What a scenario says of versions, limits, deadlines and clients reaches the partners' configurations, and what
/// makes no sense is refused with its line and field.
struct ExchangeSettingsTests {
    @Test func everythingThatCanBeWrittenIsRead() throws {
        let settings = try #require(
            try ScenarioParser.parse(
                """
                name: all
                summary: Everything.
                settings:
                  role: applicationServer
                  protocol: { lowest: 2, highest: 2, offers: [tracing, x.509], requires: [mirror-2] }
                  progress: { listening: 1s, loading: 2s }
                  limits: { clients: 0, portsOfOne: 2, ports: 3, memory: 4096 }
                  connect: { exchangeTimeout: 700ms, slowRetry: 300ms }
                  clients:
                    - kind: messenger
                    - { kind: messenger, name: second, ports: 4, registerAt: 1s, withdrawAt: 5s, interval: 20ms }
                    - { kind: logMirror, memory: 262144, recordBytes: 4096 }
                    - { kind: failoverMonitor, policy: wait, patience: 3s }
                """, file: "all.yaml"
            ).partners[.b]?.settings)
        #expect(settings.role == "applicationServer")
        #expect(settings.speech.lowest == 2)
        #expect(settings.speech.highest == 2)
        #expect(settings.speech.offers == ["tracing", "x.509"])
        #expect(settings.speech.requires == ["mirror-2"])
        #expect(settings.listeningDeadline == .seconds(1))
        #expect(settings.loadingDeadline == .seconds(2))
        #expect(settings.limits.clients == 0)
        #expect(settings.limits.portsOfOne == 2)
        #expect(settings.limits.ports == 3)
        #expect(settings.limits.memory == 4_096)
        #expect(settings.exchangeTimeout == .milliseconds(700))
        #expect(settings.clients.map(\.name) == ["messenger", "second", "log-mirror", "failover-monitor"])
        let file = settings.configuration(for: .b, control: nil, failpoint: nil)
        #expect(
            file.hasSuffix(
                """
                  slowRetry: 300ms
                  exchangeTimeout: 700ms
                transport:
                  ackTimeout: 12
                  retryCount: 5
                protocol:
                  lowest: 2
                  offers: ["tracing", "x.509"]
                  requires: ["mirror-2"]
                progress:
                  listening: 1s
                  loading: 2s
                limits:
                  clients: 0
                  portsOfOne: 2
                  ports: 3
                  memory: 4096
                clients:
                  - kind: messenger
                  - kind: messenger
                    name: second
                    ports: 4
                    registerAt: 1s
                    withdrawAt: 5s
                    interval: 20ms
                  - kind: logMirror
                    memory: 262144
                    recordBytes: 4096
                  - kind: failoverMonitor
                    policy: wait
                    patience: 3s

                """), "\(file)")
    }

    @Test func aConfigurationHoldsOnlyWhatDiffersFromTheDefault() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + """
                settings:
                  protocol: { lowest: 1, highest: 2 }
                  progress: { listening: 60s }
                  limits: { ports: 1536 }
                  connect: { exchangeTimeout: 5s }
                  clients: []
                """, file: "test.yaml")
        for partner in PartnerID.allCases {
            let settings = try #require(scenario.partners[partner]?.settings)
            let plain = PartnerSettings(partner)
            #expect(
                settings.configuration(for: partner, control: nil, failpoint: nil)
                    == plain.configuration(for: partner, control: nil, failpoint: nil))
        }
    }

    @Test func aPartnersOwnSettingsGoBeforeTheSharedOnes() throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal + """
                settings:
                  protocol: { offers: [one] }
                  clients: [{ kind: messenger }, { kind: logMirror }]
                partners:
                  b: { settings: { protocol: { highest: 1 }, clients: [{ kind: failoverMonitor }] } }
                """, file: "test.yaml")
        #expect(scenario.partners[.a]?.settings.clients.map(\.kind) == [.messenger, .logMirror])
        #expect(scenario.partners[.b]?.settings.clients.map(\.kind) == [.failoverMonitor])
        #expect(scenario.partners[.a]?.settings.speech.highest == 2)
        #expect(scenario.partners[.b]?.settings.speech.highest == 1)
        #expect(scenario.partners[.b]?.settings.speech.offers == ["one"])
    }

    @Test(
        arguments: [
            ("protocol: { lowest: 0 }", "protocol.lowest", "a version from 1 to 2"),
            ("protocol: { lowest: 2, highest: 1 }", "protocol.highest", "not below the lowest"),
            ("protocol: { highest: 3 }", "protocol.highest", "a version from 1 to 2"),
            ("protocol: { hihgest: 2 }", "protocol.hihgest", "did you mean “highest”"),
            ("protocol: { offers: one }", "protocol.offers", "a list"),
            ("protocol: { offers: [\"a b\"] }", "protocol.offers[0]", "of the characters"),
            ("protocol: { requires: [one, one] }", "protocol.requires", "twice"),
            (
                "protocol: { offers: [one], requires: [one] }", "protocol.requires",
                "both offered and required"
            ),
            ("progress: { listening: soon }", "progress.listening", "a duration such as"),
            ("limits: { clients: 65 }", "limits.clients", "from 0 to 64"),
            ("limits: { portsOfOne: 1537 }", "limits.portsOfOne", "from 0 to 1536"),
            ("limits: { memory: much }", "limits.memory", "a number of bytes"),
            ("connect: { exchangeTimeout: 5 }", "connect.exchangeTimeout", "a duration such as"),
            ("clients: messenger", "clients", "expected a list"),
            ("clients: [messenger]", "clients[0]", "expected a mapping"),
            ("clients: [{ ports: 1 }]", "clients[0].kind", "is missing"),
            ("clients: [{ kind: mesenger }]", "clients[0].kind", "did you mean “messenger”"),
            ("clients: [{ kind: messenger, prots: 1 }]", "clients[0].prots", "did you mean “ports”"),
            ("clients: [{ kind: messenger, name: \"\" }]", "clients[0].name", "of the characters"),
            ("clients: [{ kind: messenger, ports: 1025 }]", "clients[0].ports", "from 0 to 1024"),
            ("clients: [{ kind: messenger, memory: 1073741825 }]", "clients[0].memory", "a number of bytes"),
            (
                "clients: [{ kind: messenger, registerAt: 2s, withdrawAt: 2s }]", "clients[0].withdrawAt",
                "later than registerAt (2s)"
            ),
            ("connect: { exchangeTimeout: 99ms }", "connect.exchangeTimeout", "at least 100ms"),
            ("connect: { slowRetry: 99ms }", "connect.slowRetry", "at least 100ms"),
            ("progress: { loading: 999us }", "progress.loading", "at least 1ms"),
            ("clients: [{ kind: failoverMonitor, ports: 1 }]", "clients[0].ports", "only a messenger or"),
            ("clients: [{ kind: logMirror, recordBytes: 100 }]", "clients[0].recordBytes", "multiple of 8"),
            ("clients: [{ kind: messenger, recordBytes: 64 }]", "clients[0].recordBytes", "only a logMirror"),
            (
                "clients: [{ kind: failoverMonitor, interval: 1s }]", "clients[0].interval",
                "only a messenger or logMirror"
            ),
            ("clients: [{ kind: logMirror, policy: wait }]", "clients[0].policy", "only a failoverMonitor"),
            (
                "clients: [{ kind: failoverMonitor, policy: goalone }]", "clients[0].policy",
                "did you mean “goAlone”"
            ),
            ("clients: [{ kind: messenger }, { kind: messenger }]", "clients[1].kind", "“messenger” already"),
            (
                "clients: [{ kind: messenger }, { kind: logMirror, name: messenger }]", "clients[1].name",
                "“messenger” already"
            ),
        ])
    func whatMakesNoSenseIsRefused(_ setting: String, _ field: String, _ words: String) {
        for (place, yaml) in [
            ("settings", "settings:\n  \(setting)\n"),
            ("partners.b.settings", "partners:\n  b:\n    settings:\n      \(setting)\n"),
        ] {
            let problems = problems(of: HistoryBuilder.minimal + yaml)
            #expect(
                problems.contains {
                    $0.line == (place == "settings" ? 4 : 6) && $0.field == "\(place).\(field)"
                        && $0.text.contains(words)
                }, "\(problems.map(\.description).joined(separator: "\n"))")
            #expect(Set(problems).count == problems.count, "told twice: \(problems)")
        }
    }

    @Test(
        arguments: [
            ("{}", "{}", nil), ("{ highest: 1 }", "{}", nil),
            ("{ highest: 1 }", "{ lowest: 2 }", "versions 1 to 1 and 2 to 2 have none in common"),
            ("{ requires: [one] }", "{}", "capability “one” is not known to both"),
            ("{}", "{ requires: [one] }", "capability “one” is not known to both"),
            ("{ requires: [one] }", "{ offers: [one] }", nil),
            ("{ requires: [one] }", "{ requires: [one] }", nil), ("{ offers: [one] }", "{}", nil),
        ] as [(String, String, String?)])
    func whetherTwoPartnersUnderstandEachOtherFollowsFromWhatTheySpeak(
        _ a: String, _ b: String, _ discord: String?
    ) throws {
        let scenario = try ScenarioParser.parse(
            HistoryBuilder.minimal
                + "partners: { a: { settings: { protocol: \(a) } }, b: { settings: { protocol: \(b) } } }\n",
            file: "test.yaml")
        #expect(scenario.discord == discord)
    }

    @Test func aLowestVersionThatIsAboveTheSharedHighestOneIsRefusedWhereItStands() {
        let problems = problems(
            of: HistoryBuilder.minimal + """
                settings: { protocol: { highest: 1 } }
                partners: { b: { settings: { protocol: { lowest: 2 } } } }
                """)
        #expect(problems.map(\.field) == ["partners.b.settings.protocol.lowest"])
        #expect(problems.first?.text.contains("not below the lowest") == true)
    }

    private func problems(of yaml: String) -> [InputProblem] {
        do {
            _ = try ScenarioParser.parse(yaml, file: "bad.yaml")
            return []
        } catch {
            return error.problems
        }
    }
}
