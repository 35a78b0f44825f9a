/// Every name that may stand in the `event` field of a history line.
///
/// One vocabulary for partner processes, laboratory, checker, report and simulator. A line is a JSON object
/// with the fields `time` (ns, monotonic), `partner`, `incarnation` (16 hex digits), `event`, and those
/// listed here; spans end in their unit. What is of one rail also says which: `rail`. Names follow the boot handshake of the claims: first read, first
/// write, second read, second write.
public enum EventName: String, CaseIterable, Sendable {
    // MARK: The process

    /// The partner process began: `pid`, `node`, `cluster`, `role`, `protocolMin`, `protocolMax`.
    case started
    /// What the process got of the noise limits it asked for: `scheduling`, `memoryLocked`, `capabilities`.
    case confined
    /// The boot phase moved: `phase`.
    case bootPhase
    /// The boot port answers and the preset memory is registered: `address` as configured, `gid` (the one
    /// that the kernel found for it), `port`, `device`, `statusBlockAddress`, `mailboxAddress` (hex).
    case listening
    /// The own end of the rail is not there, and is waited for: `address` as configured, `gid`, `missing`
    /// (`rdma`, `interface`, `address`, `device` or `gid`: what the node lacks first), `detail`. Once, and again
    /// when something else turns out to be missing.
    case waitingForRail
    /// The own end of the rail is gone, the connection with it: `address`, `reason` (`deviceGone` or
    /// `addressGone`), `detail`. No evidence against the partner.
    case railLost
    /// The recording for a replay could not be written, and ends here: `reason`. The process goes on.
    case recordingFailed
    /// The process cannot go on: `reason`. The last line of this incarnation.
    case failed
    /// An orderly end: `beats`, `beatMedianNs`, `beatP99Ns`, `maxResidentKiB` and the counters.
    case stopped

    // MARK: The connection

    /// An attempt to connect begins: `connection`, `attempt`, `address` of the partner as configured, `gid`
    /// that it stands for, `port`, `kind` (`connect` from the lower node identity, `knock` from the higher: it
    /// only asks to be connected). Of a long row of attempts
    /// that fail for the same reason, the first 64 are written, then those whose number in the row is a power
    /// of two; the same goes for `connectFailed`, and for requests refused for the same reason.
    case connectStarted
    /// An attempt ended without a connection: `connection`, `attempt`, `reason`, `backoffNs`. This line, and those of
    /// `handshakeFailed`, `retired` and `portsFailed`, also hold what lies beneath, where something does: `detail` in words,
    /// and its number as `errno` (errno(3)), `cmStatus` (of the connection event) or `workStatus` (of the completion). Where no version
    /// is in common, both sides' ranges: `lowest`, `highest`, `partnerLowest`, `partnerHighest`.
    case connectFailed
    /// A connection request arrived: `request`, `node`, `requestIncarnation`.
    case requestReceived
    /// A connection request was refused: `request`, `reason`; where no version is in common, both sides' ranges.
    case requestRejected
    /// A connection request was accepted: `request`, `connection`, and the partner's `address`, `gid`, `port`.
    case requestAccepted
    /// The transport is up: `connection`, `partnerIncarnation`, `side` (`initiator` or `acceptor`), `attempt`
    /// (the initiator's number of it).
    case connected
    /// A connection is gone, endpoint and all: `connection`, `attempt`, `reason`. At the end of a goodbye the reason is
    /// `farewell` when the partner's side ended the connection, and `farewellTimer` when no disconnect event had come.
    case retired
    /// An established connection ended while another rail carried heartbeats, so that the verdict stands: `connection`,
    /// `evidence` (the verdict that it would have been, `none` where there is none), `reason`, `partnerIncarnation`,
    /// `rail`. Follows the connection's `retired`.
    case railFault

    // MARK: The boot handshake

    /// Read 1 is posted: `connection`, `address` (hex), `key`.
    case firstReadPosted
    /// Read 1 brought a whole block of the right partner: `connection`, `partnerIncarnation`, `phase`.
    case firstReadCompleted
    /// Write 1, the greeting, is posted: `connection`, `address` (hex), `key`.
    case firstWritePosted
    /// Write 1 completed: `connection`.
    case firstWriteCompleted
    /// Read 2 is posted: `connection`, `address` (hex), `key`, `repeat` (0 for the first try).
    case secondReadPosted
    /// Read 2 showed that the partner saw this incarnation: `connection`, `phase`, `repeats`.
    case secondReadCompleted
    /// Write 2, the confirmation, is posted: `connection`, `address` (hex), `key`.
    case secondWritePosted
    /// Write 2 completed: `connection`.
    case secondWriteCompleted
    /// The partner's greeting lies in the mailbox: `partnerIncarnation`.
    case greetingSeen
    /// The partner's confirmation lies in the mailbox: `partnerIncarnation`.
    case confirmationSeen
    /// The boot handshake failed: `connection`, `step`, `reason`, `attempt`.
    case handshakeFailed
    /// Own write 2 completed and the partner's confirmation is here: `connection`, `partnerIncarnation`, and the numbers of
    /// the two ends of it: `queuePair`, `partnerQueuePair`.
    case established

    // MARK: The exchange

    /// A message was sent: `kind`, `connection`, `number`, `bytes`.
    case messageSent
    /// A message was taken: `kind`, `connection`, `number`, `bytes`.
    case messageReceived
    /// The partner said who it is: `role`, `lowest` and `highest` (own versions), `partnerLowest`,
    /// `partnerHighest`, `version` (the one that is used; 0 for none).
    case peerInformation
    /// The partner's set of clients came: `clients`, `ports` and `memory` (of all of them), `number`.
    case clientInformation
    /// One side refused the other over what it speaks: `connection`, `by` (`own` or `partner`), `reason`,
    /// `capability`, `partnerLowest`, `partnerHighest`.
    case partnerRefused
    /// The exchange came to nothing: `connection`, `reason`.
    case exchangeFailed
    /// The partner asked for memory that is not open to it, by a wrong key, past the end, or to write where it may
    /// read; the device refused, and broke the queue pair: `queuePair`, `connection`, `count` (of this life), and
    /// `client` where it was one of that client's ports. The first 64 are written, then those whose count is a
    /// power of two.
    case accessRefused
    /// This side told the partner that its ports can receive: `connection`, `clients`, `partnerIncarnation`.
    case readySaid
    /// The partner told that its ports can receive: `connection`, `clients`, `partnerIncarnation`.
    case partnerReady
    /// Ports and keys of a connection are gone: `connection`, `clients`.
    case portsDestroyed

    // MARK: The clients (each with `client`, its name, and `clientNumber`)

    /// A client asked for ports and memory: `role`, `ports`, `memory`.
    case clientRegistered
    /// A client asked for more than there is: `limit`, `requested`, `allowed`.
    case clientRefused
    /// A client withdrew.
    case clientWithdrawn
    /// A client has no counterpart and waits: `reason`.
    case clientWaits
    /// A client has a counterpart: `partnerClient`, and the agreed `ports` and `memory`.
    case clientMatched
    /// A client's ports and memory were made: `ports`, `memory`.
    case portsMade
    /// A client's ports or memory could not be made or connected.
    case portsFailed
    /// Work of a client that was under way when its ports were taken away: `connection`, `arrived` (writes that had
    /// ended well, which the client was not told any more), `refused` (work that had failed), `unfinished`.
    case workAbandoned
    /// A client was told that the partner is ready: `partnerIncarnation`, `ports`, `memory`.
    case clientReady
    /// A client was told that its ports are gone with a rail, and that the partner lives: `partnerIncarnation`, `rail`
    /// (the lost one). Nothing of the old ports reaches memory any more.
    case clientPaused
    /// A client that was paused was told that it has ports again: `partnerIncarnation`, `ports`, `memory`, `rail`.
    case clientResumed
    /// A client was told that the partner is lost to it: `reason`, `verdict`, `phase` (the partner's, last read),
    /// `partnerIncarnation`.
    case clientLost

    // MARK: What the product's own clients do (each with `client`)

    /// The failover monitor decided: `decision` (`wait`, `takeover` or `giveback`), `reason`, `verdict`, `phase`,
    /// `partnerIncarnation`.
    case decision
    /// The messenger had its first reply over a connection: `roundTripNs`, `partnerIncarnation`.
    case firstReply
    /// What the messenger did on a connection that ended: `requests`, `replies`, `outOfOrder`, `roundTripMedianNs`,
    /// `roundTripP99Ns`, `partnerIncarnation`.
    case messengerReport
    /// The log mirror read back what the partner holds of its log: `highest` (the number of the last record that
    /// is whole; 0 for none), `records` (whole ones), `damaged` (neither whole nor empty), `rewritten` (that the
    /// partner did not hold and does now), `partnerIncarnation`.
    case mirrorRecovered
    /// Every record up to this one is acknowledged: `highest`. Written at most every few milliseconds.
    case mirrorAcknowledged
    /// What the log mirror did on a connection that ended: `acknowledged` (records), `highest`, `bytes`,
    /// `partnerIncarnation`.
    case mirrorReport
    /// The log mirror looked its memory over in which the partner keeps a log, while no port leads there: `moment`
    /// (`lost` and `paused`: when it was told so, `later`: some time after it, `remade`: before ports lead there again),
    /// `checksum` of all of it (hex), `records` (whole ones), `highest` (the number of the last one; 0 for none),
    /// `outOfTurn` (records whose writer had been followed by another one before), `partnerIncarnation`.
    case memoryChecked
    /// The messenger was brought a message that another incarnation than its partner had written: `writer`,
    /// `partnerIncarnation`.
    case foreignMessage

    // MARK: The partner

    /// The verdict on the partner changed: `verdict` (`none` when it was withdrawn), `previous`, `reason`,
    /// `partnerIncarnation`.
    case verdict
    /// The partner's boot phase, as read from its status block, moved: `phase`, `partnerIncarnation`.
    case partnerPhase
    /// The partner's boot stands still past its phase's deadline: `phase`, `forNs`, `partnerIncarnation`. No
    /// verdict.
    case partnerStalled
    /// This process did not run when it should have: `lateNs`. No evidence against the partner.
    case lateTick

    // MARK: The laboratory

    /// A partner's failpoint was reached: `act` (`kill` or `freeze`), `after`, `dueNs` (when it strikes). Written by the
    /// process itself.
    case failpointReached
    /// A run of a scenario begins: `scenario`, `clock`, `fabric`, `kernel`, `tickNs` (of the kernel's clock), and where
    /// rails hold packets up `railDelayNs` (each way) and `railRate` (bits a second): a list where rails differ.
    case runStarted
    /// A step of the schedule took effect: `step`, `action`, and the partner it names; of `releaseWrites` also `held`
    /// (packets that were held back) and `arrived` (packets of writes that reached the other side from then on); of `squeeze`
    /// also `processes` (how many share the room), `usedBytes` (what they hold that is counted) and `limitBytes`.
    case fault
    /// What a partner process holds: `pid`, `descriptors` (open files), and RDMA objects by their kind: `qp`, `cq`,
    /// `mr`, `pd`, `cm_id`, `srq`.
    case census
    /// The load that ran beside the partners is over: `busyLoops`, `forNs`, `cpuNs` (processor time of the loop that
    /// had least), `busyPercent` (of the time of all processors).
    case loadEnded
    /// A partner process ended: `pid`, `status` or `signal`; of one that was killed while it said goodbye also
    /// `goodbyeBegan`.
    case processEnded
    /// A run of a scenario is over.
    case runEnded
}
