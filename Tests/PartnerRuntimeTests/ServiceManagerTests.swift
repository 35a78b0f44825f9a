import Foundation
import Glibc
import Testing

@testable import PartnerRuntime

@Suite("Service manager")
struct ServiceManagerTests {
    @Test(
        "each step is told in a datagram of its own, at a path and at an abstract name",
        arguments: [false, true])
    func told(isAbstract: Bool) throws {
        let name = "/ccm-notify-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let path = isAbstract ? "@" + name : "/tmp" + name
        let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(listener >= 0)
        defer {
            close(listener)
            unlink(path)
        }
        try #require(UnixSocket.withAddress(path, isAbstract: isAbstract) { bind(listener, $0, $1) } == 0)
        let manager = ServiceManager(socket: path)
        manager.ready("listening at 10.77.0.1")
        manager.status("partner alive")
        manager.stopping()
        var told: [String] = []
        for _ in 0..<3 {
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = recv(listener, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            told.append(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
        }
        #expect(told == ["READY=1\nSTATUS=listening at 10.77.0.1", "STATUS=partner alive", "STOPPING=1"])
    }

    @Test(
        "without a service manager nobody is told, and nothing is wrong",
        arguments: [nil, "", "relative", "/nowhere/at/all"])
    func nobody(path: String?) {
        ServiceManager(socket: path).ready("listening")
    }
}
