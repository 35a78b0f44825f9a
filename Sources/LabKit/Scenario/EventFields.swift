import ClusterConnection

/// The fields that the lines of each event hold beside time, partner, incarnation and event, as `EventName` tells them. A
/// scenario that asks for another one asks for what no line can be, or forbids what none is.
enum EventFields {
    /// Those of all events.
    static let all: [String] = Set(EventName.allCases.flatMap { names(of: $0) }).sorted()

    static func names(of event: EventName) -> [String] {
        // Any line may say how many before it were lost.
        line(of: event).split(separator: " ").map(String.init) + ["droppedBefore"]
    }

    /// What lies beneath a connection or ports that failed.
    private static let beneath = " detail errno cmStatus workStatus"
    private static let versions = " lowest highest partnerLowest partnerHighest"
    private static let counters =
        " attempts knocks attemptsDropped attemptsFailed staleTransport requests strangersRejected partnerRejected"
        + " handshakesFailed establishedCount railFaults tornReads beats misses lateTicks messagesSent messagesReceived"
        + " violations accessesRefused staleEvents"

    private static func line(of event: EventName) -> String {
        switch event {
        case .started: "pid node cluster role protocolMin protocolMax"
        case .confined: "scheduling memoryLocked capabilities"
        case .bootPhase: "phase"
        case .listening: "address gid port device statusBlockAddress mailboxAddress rail"
        case .waitingForRail: "address gid missing detail rail"
        case .railLost: "address reason detail rail"
        case .recordingFailed, .failed, .runEnded: "reason"
        case .stopped:
            "beatReads beatMedianNs beatP99Ns beatMaxNs cpuNs maxResidentKiB majorFaults minorFaults"
                + " involuntarySwitches" + counters
        case .connectStarted: "connection attempt address gid port kind rail"
        case .connectFailed: "connection attempt reason backoffNs" + beneath + versions
        case .requestReceived: "request node requestIncarnation attempt"
        case .requestRejected: "request reason detail" + versions
        case .requestAccepted: "request connection address gid port rail"
        case .connected: "connection partnerIncarnation side attempt rail"
        case .retired: "connection attempt reason rail" + beneath
        case .railFault: "connection evidence reason partnerIncarnation rail"
        case .firstReadPosted, .firstWritePosted, .secondReadPosted, .secondWritePosted:
            "connection address key repeat"
        case .firstReadCompleted, .secondReadCompleted: "connection partnerIncarnation phase repeats"
        case .firstWriteCompleted, .secondWriteCompleted: "connection partnerIncarnation"
        case .greetingSeen, .confirmationSeen: "connection partnerIncarnation rail"
        case .handshakeFailed: "connection step reason attempt" + beneath
        case .established: "connection partnerIncarnation queuePair partnerQueuePair rail"
        case .messageSent, .messageReceived: "kind connection number bytes"
        case .peerInformation: "role version" + versions
        case .clientInformation: "clients ports memory number"
        case .partnerRefused: "connection by reason capability partnerLowest partnerHighest"
        case .exchangeFailed: "connection reason"
        case .accessRefused: "queuePair connection count client"
        case .readySaid, .partnerReady: "connection clients partnerIncarnation"
        case .portsDestroyed: "connection clients"
        case .clientRegistered: "client clientNumber role ports memory"
        case .clientRefused: "client clientNumber limit requested allowed"
        case .clientWithdrawn: "client clientNumber"
        case .clientWaits: "client clientNumber reason"
        case .clientMatched: "client clientNumber partnerClient ports memory"
        case .portsMade: "client clientNumber ports memory"
        case .portsFailed: "client clientNumber" + beneath
        case .workAbandoned: "client clientNumber connection arrived refused unfinished"
        case .clientReady, .clientResumed: "client clientNumber partnerIncarnation ports memory rail"
        case .clientPaused: "client clientNumber partnerIncarnation rail"
        case .clientLost: "client clientNumber reason verdict phase partnerIncarnation"
        case .decision: "client decision reason verdict phase partnerIncarnation"
        case .firstReply: "client roundTripNs partnerIncarnation"
        case .messengerReport:
            "client requests replies outOfOrder roundTripMedianNs roundTripP99Ns partnerIncarnation"
        case .mirrorRecovered: "client highest records damaged rewritten partnerIncarnation"
        case .mirrorAcknowledged: "client highest"
        case .mirrorReport: "client acknowledged highest bytes partnerIncarnation"
        case .memoryChecked: "client moment checksum records highest outOfTurn partnerIncarnation"
        case .foreignMessage: "client writer partnerIncarnation"
        case .verdict: "verdict previous reason partnerIncarnation"
        case .partnerPhase: "phase partnerIncarnation"
        case .partnerStalled: "phase forNs partnerIncarnation"
        case .lateTick: "lateNs"
        case .failpointReached: "act after dueNs"
        case .runStarted: "scenario clock fabric kernel wallNs tickNs railDelayNs railRate"
        case .fault:
            "step action rail held arrived began byNs damaged effect failDelayNs freezeAfter killAfter lost"
                + " outOfOrder packets passed periodNs processes quotaNs repeated roomBytes usedBytes limitBytes throttledNs throttledPeriods timesOverRoom"
                + " told"
        case .census: "pid descriptors qp cq mr pd cm_id srq began"
        case .loadEnded: "busyLoops forNs cpuNs busyPercent"
        case .processEnded: "pid status signal began goodbyeBegan told"
        }
    }
}
