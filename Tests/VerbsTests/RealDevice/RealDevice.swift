import Glibc
import Testing

import Verbs

/// Everything that needs the kernel's verbs. The tests connect within this one process, over a Soft-RoCE
/// device of their own on a veth pair of their own, in whatever network namespace they are run in.
///
/// They need root, and run where `scripts/vm` says so (`CCM_LAB_IN_VM=1`) or where librdmacm's device is.
@Suite(
    "On a real device", .serialized,
    .enabled(
        if: TestDevice.isAvailable,
        "needs root, and CCM_LAB_IN_VM=1 or /dev/infiniband/rdma_cm: run it by scripts/vm"),
    .ownDevice)
struct RealDevice {}

/// The device of the suite.
enum TestDevice {
    static let name = "rxe-verbs"
    static let interface = "verbs0"
    static let otherInterface = "verbs1"
    static let host = "10.99.0.1"
    static let host6 = "fd99::1"
    /// On an interface that no RDMA device is made on.
    static let hostWithoutDevice = "10.99.1.1"

    static var isAvailable: Bool {
        geteuid() == 0
            && (getenv("CCM_LAB_IN_VM") != nil || access("/dev/infiniband/rdma_cm", R_OK | W_OK) == 0)
    }

    /// Makes the interfaces and the device, and waits until the device shows its address as a GID.
    static func setUp() throws {
        try run(
            """
            ip link add \(interface) mtu 4500 type veth peer name \(otherInterface) mtu 4500 &&
            ip address add \(host)/24 dev \(interface) &&
            ip address add \(host6)/64 dev \(interface) nodad &&
            ip address add \(hostWithoutDevice)/24 dev \(otherInterface) &&
            ip link set \(interface) up && ip link set \(otherInterface) up &&
            rdma link add \(name) type rxe netdev \(interface)
            """)
        try waitForDevice()
    }

    /// Removes what `setUp` made, as far as it was made, and nothing else.
    static func tearDown() {
        _ = try? run("rdma link delete \(name)")
        _ = try? run("ip link delete \(interface)")
    }

    /// Waits until a device has an IPv4 address as a RoCE version 2 GID, which takes a moment.
    static func waitForDevice(named name: String = TestDevice.name) throws {
        for _ in 0..<1_000 {
            let ports = try Device.list().first { $0.name == name }?.ports ?? []
            let found = ports.contains { port in
                port.state == .active
                    && port.identifiers.contains { $0.kind == .roceVersion2 && $0.identifier.isMappedIPv4 }
            }
            if found { return }
            poll(nil, 0, 10)
        }
        throw CommandFailure(
            command: "rdma link add", status: 0,
            output: "\(name) shows no GID after 10 s: \(try Device.list())"
        )
    }
}

/// Makes the device before the first test of the suite and removes it after the last.
struct OwnDevice: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        defer { TestDevice.tearDown() }
        try TestDevice.setUp()
        try await function()
    }
}

extension Trait where Self == OwnDevice {
    static var ownDevice: OwnDevice { OwnDevice() }
}
