import ClusterConnection

@testable import Recording

// One of everything that can be recorded, no two fields of a sample alike.

extension Name {
    /// For names that the test knows to be allowed.
    static func of(_ text: StaticString) -> Name {
        guard let name = Name("\(text)") else { fatalError("“\(text)” is no name") }
        return name
    }
}

extension Settings {
    /// Nothing of it is as it would be by default.
    static var sample: Settings {
        var settings = Settings(
            node: NodeIdentity(value: 0x1122), partnerNode: NodeIdentity(value: 0x3344),
            cluster: ClusterIdentity(low: 5, high: 6), role: .applicationServer,
            versions: VersionRange(lowest: 2, highest: 2) ?? .supported)
        settings.rails = 3
        settings.heartbeatInterval = .microseconds(7_001)
        settings.missLimit = 21
        settings.readDeadline = .microseconds(7_002)
        settings.attemptTimeout = .microseconds(7_003)
        settings.backoffStart = .microseconds(7_004)
        settings.backoffCap = .microseconds(700_005)
        settings.slowRetry = .microseconds(7_006)
        settings.handshakeTimeout = .microseconds(7_007)
        settings.handshakePoll = .microseconds(7_008)
        settings.exchangeTimeout = .microseconds(7_009)
        settings.listeningDeadline = .microseconds(7_010)
        settings.loadingDeadline = .microseconds(7_011)
        settings.clientLimits.clients = 11
        settings.clientLimits.portsOfOne = 12
        settings.clientLimits.ports = 13
        settings.clientLimits.memory = 14
        settings.capabilities = [
            PeerInformation.Capability(name: .of("second"), isRequired: true),
            PeerInformation.Capability(name: .of("first"), isRequired: false),
        ]
        settings.knownCapabilities = [.of("first"), .of("second"), .of("third")]
        return settings
    }
}

extension RecordedStart {
    static var sample: RecordedStart {
        RecordedStart(
            settings: .sample, incarnation: Incarnation(value: 0xabcd), seed: 99,
            at: Instant(nanoseconds: 1_000_000_000))
    }
}

enum Samples {
    static let connection = ConnectionID(value: 0x0102_0304, rail: RailID(index: 1))
    static let request = RequestID(value: 0x0506_0708, rail: RailID(index: 2))
    static let client = ClientID(value: 0x090a)
    static let partner = Incarnation(value: 0x0b0c_0d0e_0f10_1112)
    static let pair = ClientPair(own: client, partner: ClientID(value: 0x1314))
    static let table = PortTable(
        pair: pair,
        ports: [
            PortTable.Entry(queuePair: 17, firstPacket: 18), PortTable.Entry(queuePair: 19, firstPacket: 20),
        ],
        memoryAddress: 0x1_0000, memoryByteCount: 4_096, memoryKey: 21)

    static let privateData = ConnectionPrivateData(
        versions: .supported, cluster: ClusterIdentity(low: 5, high: 6), node: NodeIdentity(value: 2),
        incarnation: partner, statusBlockKey: 22, mailboxKey: 23, role: .storageSystem, kind: .knock,
        attempt: 24
    ).words
    static let refusal = Rejection(reason: .staleAttempt, versions: .supported).words
    static let block = StatusBlock(
        phase: .ccmListening, role: .storageSystem, incarnation: partner,
        cluster: ClusterIdentity(low: 5, high: 6), node: NodeIdentity(value: 2), heartbeat: 25,
        partnerSeen: Incarnation(value: 26)
    ).words
    static let greeting = MailboxSlot(kind: .greeting, writer: partner, reader: Incarnation(value: 27)).words
    static let mailbox: Mailbox = [
        greeting[0], greeting[1], greeting[2], greeting[3], 28, 29, 30, 31,
    ]
    /// Not a message: whatever came is recorded.
    static let bytes: [UInt8] = Array(0...40)

    static let events: [Event] = [
        .listening(RailID(index: 3), statusBlockKey: 1, mailboxKey: 2),
        .railLost(RailID(index: 3)),
        .bootPhase(.storageOSLoading),
        .timer(.farewell, RailID(index: 3)),
        .request(request, privateData), .request(request, nil),
        .connected(connection, privateData), .connected(connection, nil),
        .refused(connection, refusal), .refused(connection, nil),
        .connectFailed(connection, .staleTransport),
        .disconnected(connection),
        .completed(connection, .secondRead, .success, block),
        .completed(connection, .heartbeatRead, .retryExceeded, nil),
        .received(connection, bytes), .received(connection, []),
        .overlong(connection),
        .sent(connection, .refusedByPartner),
        .accessRefused(queuePair: 3, connection, client), .accessRefused(queuePair: 3, nil, nil),
        .portsMade(connection, [table, table]),
        .portsConnected(connection, [pair, pair]),
        .portsFailed(connection, pair),
        .register(
            client, ClientInformation(name: .of("log-mirror"), role: .passive, ports: 4, memory: 5)),
        .withdraw(client),
        .mailbox(mailbox, RailID(index: 3)),
        .stop,
    ]

    static let notices: [ClientNotice] = [
        .noCounterpart(partner), .refused(.portsOfOne, requested: 1, allowed: 2), .portsFailed(partner),
        .ready(partner, ports: 3, memory: 4),
        .lost(partner, ClientNotice.Loss(verdict: .dead, reason: .connection, phase: .storageOSActive)),
        .lost(partner, ClientNotice.Loss(verdict: nil, reason: .counterpartWithdrew, phase: nil)),
        .lost(partner, ClientNotice.Loss(verdict: .hung, reason: .withdrew, phase: nil)),
        .paused(partner), .resumed(partner, ports: 3, memory: 4), .verdict(.rebooted, partner),
        .verdict(nil, partner), .partnerPhase(.ccmListening, partner),
        .partnerStalled(.storageOSLoading, partner),
    ]

    static let actions: [Action] =
        [
            .connect(connection, privateData),
            .accept(request, connection, privateData),
            .reject(request, refusal),
            .readStatusBlock(connection, .secondRead, key: 32),
            .writeMailbox(connection, .firstWrite, .greeting, greeting, key: 33),
            .send(connection, bytes),
            .makePorts(connection, [PortOrder(pair: pair, ports: 34, memory: 35)]),
            .connectPorts(connection, [table]),
            .destroyPorts(connection, [pair]),
            .retire(connection),
            .publish(block, RailID(index: 3)),
            .clearMailbox(RailID(index: 3)),
            .setTimer(.stall, Instant(nanoseconds: 36), RailID(index: 3)),
            .cancelTimer(.poll, RailID(index: 3)),
            .record(HistoryRecord(.lateTick)),
            .record(
                HistoryRecord(.clientMatched).with("client", .of("log-mirror"))
                    .with("number", .number(37)).with("partnerIncarnation", .incarnation(partner))
                    .with("address", .hexadecimal(38)).with("reason", .text("none"))
                    .with("versions", .ownVersions(.supported))
                    .with("partnerVersions", .partnerVersions(.supported))),
            .finished,
        ] + notices.map { .notify(client, $0) }
}
