import ClusterConnection

// The pair that the tests speak of: node 1 initiates, node 2 accepts.

extension NodeIdentity {
    static let one = NodeIdentity(value: 1)
    static let two = NodeIdentity(value: 2)
    static let foreign = NodeIdentity(value: 77)
}

extension ClusterIdentity {
    /// 5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a
    static let ours = ClusterIdentity(low: 0x1b4c_4e9d_527a_0c5f, high: 0x6a5b_4c3d_2e1f_538a)
    static let foreign = ClusterIdentity(low: 1, high: 2)
}

extension Incarnation {
    /// Node 1's, in golden bytes and single-manager tests.
    static let a = Incarnation(value: 0x1112_1314_1516_1718)
    /// Node 2's.
    static let b = Incarnation(value: 0x2122_2324_2526_2728)
    /// Node 2's after a reboot.
    static let b2 = Incarnation(value: 0x3132_3334_3536_3738)
}

extension Settings {
    static let initiator = quick(.one, .two)
    static let acceptor = quick(.two, .one)

    /// With a miss limit that tests need not wait half a second for.
    private static func quick(_ node: NodeIdentity, _ partner: NodeIdentity) -> Settings {
        var settings = Settings(node: node, partnerNode: partner, cluster: .ours, role: .storageSystem)
        settings.missLimit = 20
        return settings
    }
}

extension VersionRange {
    /// For ranges that the test knows not to be empty.
    static func of(_ lowest: UInt16, _ highest: UInt16) -> VersionRange {
        VersionRange(lowest: min(lowest, highest), highest: highest) ?? .supported
    }
}

extension Instant {
    static let start = Instant(nanoseconds: 1_000_000_000)
}
