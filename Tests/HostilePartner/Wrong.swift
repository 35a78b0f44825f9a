/// What the hostile partner does wrong: one thing in a run, all else as the protocol says.
enum Wrong: String, CaseIterable {
    /// Nothing: to see that the partner that is played is one.
    case nothing

    // MARK: Connection requests

    case requestOfZeros
    case requestBadMagic
    case requestBadChecksum
    case requestKindAcceptance
    case requestUnknownRole
    case requestForeignCluster
    case requestForeignNode
    case requestOwnNode
    case requestOwnIncarnation
    case requestNoCommonVersion
    case requestWrongDirection
    case requestOfAnEarlierLife
    case requestFlood
    case requestWhileReady

    // MARK: Answers to requests

    case acceptanceOfZeros
    case acceptanceForeignCluster
    case acceptanceForeignNode
    case acceptanceKindConnect
    case acceptanceOwnIncarnation
    case acceptanceNoCommonVersion
    case acceptanceOfAnEarlierLife
    case refusalsOfEveryReason

    // MARK: The status block

    case blockTorn
    case blockBadMagic
    case blockUnknownLayout
    case blockUnknownPhase
    case blockForeignCluster
    case blockForeignNode
    case blockOtherIncarnation
    case blockIncarnationChanges
    case blockNeverSees
    case readyThenBlockTorn
    case readyThenIncarnationChanges
    case readyThenForeignCluster
    case readyThenHeartbeatStands
    case readyThenHeartbeatBack
    case readyThenPhaseBack
    case readyThenCountLies

    // MARK: Mailbox and memory

    case confirmationWithoutGreeting
    case greetingOfAnotherWriter
    case greetingForAnotherReader
    case mailboxOfGarbage
    case writePastMailbox
    case writeWithNumberPastMailbox
    case writeStatusBlock
    case writeStatusBlockWithMailboxKey
    case writeAnywhereWithMailboxKey
    case readMailbox
    case readPastStatusBlock
    case readWithGuessedKey

    // MARK: Messages

    case messagesBeforeEstablished
    case messageEmpty
    case messageOfZeros
    case messageTooLong
    case messageBadMagic
    case messageBadChecksum
    case messageWrongLength
    case messageOutOfOrder
    case messageTwice
    case messageUnknownKind
    case messageOptionalKind
    case messageForeignIncarnation
    case messageFlood
    case writeWithNumber
    case peerInformationTwice
    case peerInformationUnknownRole
    case peerInformationNoCommonVersion
    case peerInformationUnknownCapability
    case clientsTooMany
    case clientsSameName
    case clientsSameNumber
    case clientsEmptyName
    case clientsHugeWishes
    case clientsNumberBack
    case clientsComeAndGo
    case clientsOtherWishes
    case portsOfNobody
    case portsOtherNumber
    case portsOtherMemory
    case portsCountPastEnd
    case portsNumberZero
    case portsOfOwnConnection
    case portsAddressWraps
    case portsTwice
    case readyOfNobody
    case readyTooMany
    case refusalNoCommonVersion
    case refusalUnknownCapability
    case refusalUnknownReason

    // MARK: Ports

    case portWritePastMemory
    case portReadPastMemory
    case portWriteStatusBlock
    case portWriteWithEarlierKey
    case portReadWithGuessedKey
    case portMessageTooLong
    case portMessagesOfGarbage
    case portNumberTheMirrorCannotCountOn
    case portGarbageInTheMirror

    // MARK: Silence and farewells

    case silentAtRequest
    case silentAtHandshake
    case silentAtConfirmation
    case silentAtPeerInformation
    case silentAtClients
    case silentAtPorts
    case silentAtReady
    case silentOnceReady
    case gaggedAtPeerInformation
    case gaggedAtPorts
    case goneAtRequest
    case goneAtHandshake
    case goneAtConfirmation
    case goneAtPeerInformation
    case goneAtClients
    case goneAtPorts
    case goneAtReady
    case goneOnceReady
}

/// A point of the play at which it may fall silent or end.
enum Scene: String {
    case request = "Request"
    case handshake = "Handshake"
    case confirmation = "Confirmation"
    case peerInformation = "PeerInformation"
    case clients = "Clients"
    case ports = "Ports"
    case ready = "Ready"
}
