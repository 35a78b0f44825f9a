import Addressing
import Testing

@Suite("Names of a rail's ends")
struct RailAddressTests {
    @Test(
        "Each form stands for one GID, and for the IP address that the kernel takes",
        arguments: [
            ("10.77.0.1", RailAddress.Kind.ipv4, "::ffff:10.77.0.1", "10.77.0.1"),
            ("fd77:cc::1", .ipv6, "fd77:cc::1", "fd77:cc::1"),
            ("FD77:00CC:0:0:0:0:0:1", .ipv6, "fd77:cc::1", "fd77:cc::1"),
            ("::ffff:10.77.0.1", .ipv6, "::ffff:10.77.0.1", "10.77.0.1"),
            ("fe80::1%eth0", .ipv6, "fe80::1", "fe80::1%eth0"),
            (
                "gid:fe80:0000:0000:0000:00cc:00ff:fe00:0001%ccm-a0", .gid, "fe80::cc:ff:fe00:1",
                "fe80::cc:ff:fe00:1%ccm-a0"
            ),
            ("gid:fd77:00cc:0000:0000:0000:0000:0000:0001", .gid, "fd77:cc::1", "fd77:cc::1"),
            ("gid:0000:0000:0000:0000:0000:ffff:0a4d:0001", .gid, "::ffff:10.77.0.1", "10.77.0.1"),
            ("gid:::ffff:10.77.0.1", .gid, "::ffff:10.77.0.1", "10.77.0.1"),
            (
                "50:01:43:80:12:34:56:78", .wwn, "fd63:636d:2d77:776e:5001:4380:1234:5678",
                "fd63:636d:2d77:776e:5001:4380:1234:5678"
            ),
            (
                "wwn:10:00:AB:CD:EF:01:02:03", .wwn, "fd63:636d:2d77:776e:1000:abcd:ef01:203",
                "fd63:636d:2d77:776e:1000:abcd:ef01:203"
            ),
        ])
    func forms(text: String, kind: RailAddress.Kind, gid: String, socket: String) throws {
        let address = try RailAddress(text)
        #expect(address.kind == kind)
        #expect(address.gid.description == gid)
        #expect(address.socketText == socket)
        #expect(address.text == text)
    }

    @Test("A WWN's GID is fd, “ccm-wwn” in ASCII, and the name")
    func rule() throws {
        let prefix = ([0xfd] + Array("ccm-wwn".utf8)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        #expect(WorldWideName.prefix == prefix)
        let name = try WorldWideName("50:01:43:80:12:34:56:78")
        #expect(name.value == 0x5001_4380_1234_5678)
        #expect(name.gid == GID(high: prefix, low: name.value))
        #expect(name.description == "50:01:43:80:12:34:56:78")
    }

    @Test("No two names share a GID, and every name can be read back from it", arguments: 0..<1_000)
    func ruleLosesNothing(seed: Int) throws {
        // Spread over all 64 bits; the first digit is made one that a name may have.
        let bits = UInt64(seed + 1) &* 0x9e37_79b9_7f4a_7c15
        let value = bits & 0x0fff_ffff_ffff_ffff | [1, 2, 3, 5, 12, 13, 14, 15][seed % 8] << 60
        let digits = Array(String(value, radix: 16))
        let text = stride(from: 0, to: 16, by: 2).map { String(digits[$0...$0 + 1]) }.joined(separator: ":")
        let name = try WorldWideName(text)
        #expect(name.description == text)
        #expect(name.gid.low == name.value)
        #expect(try RailAddress("gid:\(name.gid)").gid == name.gid)
    }

    @Test(
        "What is no 64-bit WWN is refused, and the reason says what it is",
        arguments: [
            ("50:01:43:80:12:34:56", "has 7 pairs"),
            ("50:01:43:80:12:34:56:78:9a", "has 9 pairs"),
            ("02:cc:00:00:00:01", "MAC address"),
            ("wwn:60:01:43:80:12:34:56:78", "128 bits"),
            ("60:01:43:80:12:34:56:78:60:01:43:80:12:34:56:78", "128-bit"),
            ("00:01:43:80:12:34:56:78", "ignored"),
            ("40:01:43:80:12:34:56:78", "NAA) is 4"),
            ("b0:01:43:80:12:34:56:78", "NAA) is b"),
            ("wwn:", "eight pairs"),
            ("wwn:5001438012345678", "eight pairs"),
            ("wwn:50:01:43:80:12:34:56:7g", "eight pairs"),
            ("wwn:50:01:43:80:12:34:56:", "eight pairs"),
            ("wwn:50-01-43-80-12-34-56-78", "eight pairs"),
            ("wwn: 50:01:43:80:12:34:56:78", "eight pairs"),
            ("wwn:fd77:cc::1", "eight pairs"),
        ])
    func malformedNames(text: String, reason: String) {
        expectRefused(text, reason)
    }

    @Test(
        "What is no address or GID is refused, and the reason says what is expected",
        arguments: [
            ("", "IPv4 or IPv6 address"),
            ("nowhere", "IPv4 or IPv6 address"),
            ("10.77.0", "IPv4 or IPv6 address"),
            ("10.77.0.1:17320", "IPv4 or IPv6 address"),
            ("10.77.0.1%eth0", "IPv4 or IPv6 address"),
            ("fd77:cc::1::2", "IPv4 or IPv6 address"),
            ("fd77:cc::1\0", "IPv4 or IPv6 address"),
            ("GID:fd77:cc::1", "IPv4 or IPv6 address"),
            ("gid:", "eight groups"),
            ("gid:10.77.0.1", "::ffff:10.77.0.1"),
            ("gid:fd77:00cc:0000:0000:0000:0000:0001", "eight groups"),
            ("gid:fd77:00cc:0000:0000:0000:0000:0000:0001:0002", "eight groups"),
            ("gid:fd77:00cc:0000:0000:0000:0000:0000:000g", "eight groups"),
            ("gid:wwn:50:01:43:80:12:34:56:78", "eight groups"),
            ("fe80::1", "fe80::1%eth0"),
            ("gid:fe80:0000:0000:0000:0000:0000:0000:0001", "fe80::1%eth0"),
            ("fe80::1%", "possible interface"),
            ("fe80::1%a/b", "possible interface"),
            ("fe80::1%aninterfacenamethatistoolong", "possible interface"),
            ("fd77:cc::1%eth0", "only a link-local"),
            ("0.0.0.0", "every address"),
            ("::", "every address"),
            ("gid:0000:0000:0000:0000:0000:0000:0000:0000", "every address"),
            ("gid:::ffff:0.0.0.0", "every address"),
            ("224.0.0.1", "multicast"),
            ("255.255.255.255", "broadcast"),
            ("ff02::1", "multicast"),
        ])
    func malformedAddresses(text: String, reason: String) {
        expectRefused(text, reason)
    }

    @Test(
        "Two ends of a rail have to differ and to reach each other",
        arguments: [
            ("10.77.0.1", "10.77.0.1", "another address"),
            ("10.77.0.1", "gid:::ffff:10.77.0.1", "another address"),
            (
                "50:01:43:80:12:34:56:78", "fd63:636d:2d77:776e:5001:4380:1234:5678", "another address"
            ),
            ("10.77.0.1", "fd77:cc::2", "family"),
            ("50:01:43:80:12:34:56:78", "10.77.0.2", "family"),
            ("fe80::1%eth0", "fe80::2%eth1", "eth1"),
            ("fe80::1%eth0", "fd77:cc::2", "link-local"),
        ])
    func pairsThatCannotBe(own: String, partner: String, reason: String) throws {
        let problem = try RailAddress(partner).problem(asPartnerOf: try RailAddress(own))
        #expect(problem?.contains(reason) == true, "\(problem ?? "accepted")")
    }

    @Test(
        "Two ends may be written in different forms",
        arguments: [
            ("10.77.0.1", "gid:::ffff:10.77.0.2"), ("fd77:cc::1", "50:01:43:80:12:34:56:78"),
            ("fe80::1%eth0", "gid:fe80::2%eth0"),
        ])
    func pairsThatCanBe(own: String, partner: String) throws {
        #expect(try RailAddress(partner).problem(asPartnerOf: try RailAddress(own)) == nil)
    }

    private func expectRefused(_ text: String, _ reason: String) {
        let problem = #expect(throws: AddressProblem.self) { try RailAddress(text) }
        #expect(problem?.description.contains(reason) == true, "\(problem?.description ?? "accepted")")
    }
}
