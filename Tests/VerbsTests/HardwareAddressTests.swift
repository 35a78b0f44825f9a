import Testing

import Verbs

@Suite("Hardware addresses")
struct HardwareAddressTests {
    @Test(
        "An address is printed as it was written",
        arguments: [
            ("10.77.0.1", "10.77.0.1:17320"),
            ("0.0.0.0", "0.0.0.0:17320"),
            ("255.255.255.255", "255.255.255.255:17320"),
            ("fd00::1", "[fd00::1]:17320"),
            ("::", "[::]:17320"),
            ("FD00:0:0:0:0:0:0:1", "[fd00::1]:17320"),
            ("::ffff:10.77.0.1", "[::ffff:10.77.0.1]:17320"),
        ])
    func roundTrip(text: String, printed: String) throws {
        let address = try HardwareAddress(text, port: 17320)
        #expect(address.description == printed)
        #expect(address == (try HardwareAddress(address.host, port: 17320)))
    }

    @Test("The interface of a link-local address is kept by name")
    func scope() throws {
        let address = try HardwareAddress("fe80::1%lo", port: 1)
        #expect(address.description == "[fe80::1%lo]:1")
        #expect(address != (try HardwareAddress("fe80::1", port: 1)))
    }

    @Test(
        "What is no address is refused, and the error shows it",
        arguments: [
            "", "10.77.0", "10.77.0.1:17320", "10.77.0.256", " 10.77.0.1", "localhost", "fd00::1::2", "%lo",
        ])
    func refusal(text: String) {
        let error = #expect(throws: VerbsError.self) { try HardwareAddress(text, port: 1) }
        #expect(error?.errno == 22)
        #expect(error?.description.contains("\"\(text)\"") == true)
    }

    @Test("An interface that does not exist is refused")
    func unknownInterface() {
        let error = #expect(throws: VerbsError.self) { try HardwareAddress("fe80::1%none0", port: 1) }
        #expect(error?.call.description == "if_nametoindex")
        #expect(error?.description.contains("none0") == true)
    }

    @Test("Only the addresses that stand for all are wildcards")
    func wildcards() throws {
        #expect(try HardwareAddress("0.0.0.0", port: 1).isWildcard)
        #expect(try HardwareAddress("::", port: 1).isWildcard)
        #expect(try !HardwareAddress("0.0.0.1", port: 0).isWildcard)
        #expect(try !HardwareAddress("::1", port: 0).isWildcard)
    }

    @Test("Another port makes another address of the same host")
    func otherPort() throws {
        let address = try HardwareAddress("10.77.0.1", port: 1)
        #expect(address.with(port: 2) == (try HardwareAddress("10.77.0.1", port: 2)))
        #expect(address.with(port: 2) != address)
    }
}
