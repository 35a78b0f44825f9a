import ClusterConnection
import StrictYAML
import Testing

@testable import PartnerRuntime

@Suite("Configuration")
struct ConfigurationTests {
    private static let whole = """
        partner: a
        node: 1
        partnerNode: 2
        cluster: 5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a
        rail:
          address: 10.77.0.1
          partnerAddress: 10.77.0.2
        """

    private func problems(_ yaml: String, overrides: [String] = []) -> [String] {
        do throws(InputProblems) {
            _ = try Configuration(yaml: yaml, source: "a.yaml", overrides: overrides)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test("the shortest configuration is enough, and gets the documented defaults")
    func defaults() throws {
        let configuration = try Configuration(yaml: Self.whole, source: "a.yaml")
        #expect(configuration.partner == "a")
        #expect(configuration.settings.isInitiator)
        #expect(configuration.settings.heartbeatInterval == .milliseconds(10))
        #expect(configuration.settings.missLimit == 50)
        #expect(configuration.settings.attemptTimeout == .milliseconds(300))
        #expect(configuration.settings.role == .storageSystem)
        #expect(configuration.rails[0].bootPort == 17320)
        #expect(configuration.transport == .init(ackTimeout: 12, retryCount: 5))
        #expect(configuration.controlPath == nil)
        #expect(configuration.failpoint == nil)
        #expect(configuration.recordingPath == nil)
    }

    @Test(
        "a field of the wrong form is refused with its line, its name and what was expected",
        arguments: [
            ("transport.retryCount=7", "Soft-RoCE takes 7"), ("transport.ackTimeout=40", "8 to 22"),
            ("node=0", "a node identity"), ("partnerNode=1", "a partner is not itself"),
            ("rail.address=nowhere", "an IPv4 or IPv6 address"),
            ("rail.partnerAddress=10.77.0.1", "another address"),
            ("rail.partnerAddress=gid:::ffff:10.77.0.1", "another address"),
            ("rail.partnerAddress=fd77:cc::2", "family of the own address"),
            ("rail.address=50:01:43:80:12:34:56", "a WWN has eight"),
            ("rail.address=wwn:60:01:43:80:12:34:56:78", "name of 128 bits"),
            ("rail.address=gid:10.77.0.1", "holds no GID"), ("rail.address=fe80::1", "%eth0"),
            ("rail.address=0.0.0.0", "stands for every address"), ("rail.bootPort=0", "1 to 65535"),
            ("rail.bootPort=70000", "1 to 65535"), ("heartbeat.interval=10", "a duration such as"),
            ("heartbeat.interval=0ms", "at least 1000 us"), ("heartbeat.missLimit=1", "2 to 10000"),
            ("connect.backoffCap=1ms", "at least backoffStart"), ("role=toaster", "storageSystem or"),
            ("cluster=1234", "UUID"), ("boot.storageOSActive=1ms", "no earlier than storageOSLoading"),
            ("boot.ccmStarting=2s", "the CCM starts in the boot process"),
            ("boot.storageOSLoading=announced", "it comes after that"),
            ("boot.storageOSActive=told", "or “announced”"),
            ("boot.ccmStarting=announced", "a duration such as"),
            ("lab.killAfter=heartbeatRead", "one of requestAccepted, connected, firstRead"),
            ("partner=", "1 to 32 characters"), ("writeDelay=2s", "at most 1s"),
            ("heartbeat.intervall=10ms", "did you mean “interval”"), ("colour=red", "is no field here"),
        ])
    func refusals(_ assignment: String, _ expected: String) {
        let found = problems(Self.whole, overrides: [assignment])
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test(
        "a hardware address may be written in any form, of an interface that is not there yet as well",
        arguments: [
            ("10.77.0.1", "10.77.0.2", "::ffff:10.77.0.2"), ("fd77:cc::1", "fd77:cc::2", "fd77:cc::2"),
            ("fe80::1%none0", "fe80::2%none0", "fe80::2"),
            ("gid:fd77:00cc:0000:0000:0000:0000:0000:0001", "gid:fd77:cc::2", "fd77:cc::2"),
            (
                "50:01:43:80:12:34:56:78", "wwn:50:01:43:80:12:34:56:79",
                "fd63:636d:2d77:776e:5001:4380:1234:5679"
            ),
        ])
    func addresses(_ own: String, _ partner: String, _ gid: String) throws {
        let configuration = try Configuration(
            yaml: Self.whole, source: "a.yaml",
            overrides: ["rail.address=\(own)", "rail.partnerAddress=\(partner)"])
        #expect(configuration.rails[0].address.text == own)
        #expect(configuration.rails[0].partnerAddress.text == partner)
        #expect(configuration.rails[0].partnerAddress.gid.description == gid)
    }

    @Test("a pair may have up to four rails, each with addresses of its own")
    func rails() throws {
        let head = "partner: a\nnode: 1\npartnerNode: 2\ncluster: 5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a\n"
        let two = """
            rails:
              - { address: 10.77.0.1, partnerAddress: 10.77.0.2 }
              - { address: 10.77.1.1, partnerAddress: 10.77.1.2, bootPort: 17321 }

            """
        let configuration = try Configuration(yaml: head + two, source: "a.yaml")
        #expect(configuration.rails.map(\.address.text) == ["10.77.0.1", "10.77.1.1"])
        #expect(configuration.rails.map(\.bootPort) == [17320, 17321])
        // Whoever makes a configuration in a program of their own hears of it as well, and nothing traps.
        for count in [0, RailID.limit + 1] {
            var impossible = configuration
            impossible.rails = Array(repeating: configuration.rails[0], count: count)
            #expect(throws: RuntimeError.self) { try Partner(impossible, events: "/dev/null") }
        }
        let one = "rail: { address: 10.77.0.1, partnerAddress: 10.77.0.2 }\n"
        let refusals = [
            (head + one + two, "either rail or rails"), (head + "rails: []\n", "expected 1 to 4 rails"),
            (head + two + two.dropFirst(7), "is another rail's"),
        ]
        for (text, expected) in refusals {
            #expect(problems(text).contains { $0.contains(expected) }, "\(problems(text))")
        }
    }

    @Test("an empty mapping names every field that is missing")
    func missing() {
        let found = problems("role: storageSystem\n").joined(separator: "\n")
        for field in ["partner", "node", "partnerNode", "cluster", "rail"] {
            #expect(found.contains(" \(field): is missing"), "\(field) in \(found)")
        }
    }

    @Test(
        "a read's own deadline comes long after the transport has given up, so that the transport is heard first"
    )
    func readDeadline() throws {
        let short = try Configuration(yaml: Self.whole, source: "a.yaml")
        #expect(short.settings.readDeadline >= .seconds(1))
        let long = try Configuration(
            yaml: Self.whole, source: "a.yaml",
            overrides: ["transport.ackTimeout=16", "transport.retryCount=6"])
        #expect(long.settings.readDeadline >= long.transport.bound * 4)
    }

    @Test("the transport's bound covers every try and the kernel's ticks")
    func bound() {
        // Measured for these settings: 118 to 127 ms (14 and 6: up to 508 ms).
        #expect(Configuration.Transport(ackTimeout: 12, retryCount: 5).bound > .milliseconds(127))
        #expect(Configuration.Transport(ackTimeout: 14, retryCount: 6).bound > .milliseconds(508))
        #expect(Configuration.Transport(ackTimeout: 14, retryCount: 6).bound < .milliseconds(600))
    }
}
