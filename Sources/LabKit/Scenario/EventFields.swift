/// The fields that lines of history hold beside time, partner, incarnation and event (`EventName` says which of them each
/// has). A scenario that asks for another one asks for what no line can be, or forbids what none is.
enum EventFields {
    static let names: [String] =
        """
        accessesRefused acknowledged act action address after allowed arrived attempt attempts
        attemptsDropped attemptsFailed backoffNs beatMaxNs beatMedianNs beatP99Ns beatReads beats began
        busyLoops busyPercent by byNs bytes capabilities capability checksum client clientNumber clients
        clock cluster cm_id cmStatus connection count cpuNs cq damaged decision descriptors detail device
        droppedBefore dueNs effect errno establishedCount evidence fabric failDelayNs forNs freezeAfter gid
        handshakesFailed held highest involuntarySwitches kernel key killAfter kind knocks lateNs lateTicks
        limit limitBytes lost lowest mailboxAddress majorFaults maxResidentKiB memory memoryLocked
        messagesReceived messagesSent minorFaults misses missing moment mr node number outOfOrder outOfTurn
        packets partnerClient partnerHighest partnerIncarnation partnerLowest partnerQueuePair
        partnerRejected partnerVersions passed pd periodNs phase pid port ports previous processes
        protocolMax protocolMin qp queuePair quotaNs rail railFaults reason records refused repeat repeated
        repeats replies request requested requestIncarnation requests rewritten role roomBytes
        roundTripMedianNs roundTripNs roundTripP99Ns scenario scheduling side signal srq staleEvents
        staleTransport status statusBlockAddress step strangersRejected throttledNs throttledPeriods
        timesOverRoom told tornReads unfinished usedBytes verdict version violations workStatus writer
        """.split(whereSeparator: \.isWhitespace).map(String.init)
}
