/// What the checker holds every run to, in the order in which it reports.
package enum Rule: String, CaseIterable, Sendable {
    case historySound = "history-sound"
    case partnerRuns = "partner-runs"
    case orderlyStop = "orderly-stop"
    case handshakeOrder = "handshake-order"
    case establishedAlive = "established-alive"
    case establishedBothSaw = "established-both-saw"
    case sameQueuePairs = "same-queue-pairs"
    case beforeStorageOS = "before-storage-os"
    case aliveMeansAlive = "alive-means-alive"
    case foundInTime = "found-in-time"
    case connectedAgain = "connected-again"
    case readyWhenBoth = "ready-when-both-can-receive"
    case oneLossForReady = "one-loss-for-a-ready"
    case fencedBeforeTold = "fenced-before-told"
    case readyAgain = "ready-again"
    case nothingAcknowledgedIsLost = "nothing-acknowledged-is-lost"
    case nothingWrittenAfterLoss = "nothing-written-after-loss"
    case heldWritesRefused = "held-writes-refused"
    case nothingLeaks = "nothing-leaks"
    case kernelQuiet = "kernel-quiet"
    case claimed = "claimed"
    case historyBounded = "history-bounded"
    case expected = "expected"
    case breaksAsExpected = "breaks-as-expected"

    /// The parts of a partner's history without which it is not judged by this rule.
    var parts: [HistoryPart] {
        switch self {
        case .handshakeOrder, .sameQueuePairs: [.handshake]
        case .establishedBothSaw: [.handshake, .incarnations]
        case .establishedAlive: [.incarnations]
        case .beforeStorageOS: [.phases]
        case .readyWhenBoth, .readyAgain: [.exchange, .clients]
        case .oneLossForReady, .fencedBeforeTold, .nothingAcknowledgedIsLost, .nothingWrittenAfterLoss:
            [.clients]
        case .historySound, .partnerRuns, .orderlyStop, .aliveMeansAlive, .foundInTime, .connectedAgain,
            .heldWritesRefused, .nothingLeaks, .kernelQuiet, .claimed, .historyBounded, .expected,
            .breaksAsExpected:
            []
        }
    }

    /// The rule in plain words.
    package var sentence: String {
        switch self {
        case .historySound:
            "every line of a history is an event, in order of time, and no incarnation is used twice"
        case .partnerRuns: "a partner runs until the lab ends it"
        case .orderlyStop: "a partner that is told to stop says goodbye and ends with status 0"
        case .handshakeOrder:
            "established only after read 1, write 1, read 2 and write 2 of that connection, in this order, "
                + "and the partner's confirmation"
        case .establishedAlive: "established only between two incarnations that are both alive at that moment"
        case .establishedBothSaw: "established only between two incarnations that each saw the other"
        case .sameQueuePairs:
            "both ends of an established connection name the same two queue pairs"
        case .beforeStorageOS:
            "the connection is established before the partner's storage OS is active, whenever the boots allow it"
        case .aliveMeansAlive:
            "a partner that lives, runs and is connected is never given another verdict than alive"
        case .foundInTime: "a partner that died, hung or was cut off is found within the promised bound"
        case .connectedAgain:
            "two live partners on a whole rail are connected within the bound, whatever happened before"
        case .readyWhenBoth:
            "no client is told ready before both sides have made its ports and said that they can receive"
        case .oneLossForReady:
            "each ready that a client is told is followed by one loss when it ends, and no other"
        case .fencedBeforeTold:
            "a client is told of a loss only when connection and ports are gone, so that nothing can write any more"
        case .readyAgain: "clients of two connected partners that belong together are ready within the bound"
        case .nothingAcknowledgedIsLost:
            "what a log mirror's partner acknowledged is found there again, whole, as long as that partner lives"
        case .nothingWrittenAfterLoss:
            "once a client was told of a loss, not a byte of its memory changes until its ports are made again"
        case .heldWritesRefused:
            "a partner's writes that arrive when the other one has fenced are refused, all of them, and it is told so"
        case .nothingLeaks:
            "what a run makes is gone after it, and a partner at rest holds no more than in the beginning"
        case .kernelQuiet: "the kernel reports no fault of its own"
        case .claimed: "the claims that a scenario cites can be followed in its events"
        case .historyBounded: "no partner writes more history than the scenario allows"
        case .expected: "what the scenario expects happens"
        case .breaksAsExpected: "what a scenario expects to break does break"
        }
    }
}

/// One case in which a rule did not hold.
package struct Broken: Hashable, Sendable {
    package var rule: Rule
    /// What happened, in one or two sentences.
    package var explanation: String
    /// The few events that show it, in order of time.
    package var evidence: [HistoryEvent]

    init(_ rule: Rule, _ explanation: String, evidence: [HistoryEvent] = []) {
        self.rule = rule
        self.explanation = explanation
        self.evidence = evidence.sorted { $0.time < $1.time }
    }
}
