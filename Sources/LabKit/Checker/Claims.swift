import ClusterConnection

extension Timeline {
    /// Where a claim can be followed on a connection, with the lines that show it.
    func trace(_ claim: Claim, _ first: FollowedConnection) -> (ClaimTrace.Standing, [HistoryEvent?]) {
        switch claim {
        case .c1a: initialised(first)
        case .c1b: firstRead(first)
        case .c1c: follows(.firstReadCompleted, .firstWritePosted, first)
        case .c1d: follows(.firstWriteCompleted, .secondReadPosted, first)
        case .c1e: secondWrite(first)
        case .c2: presetAddress(first)
        case .c3: exchangeInOrder(first)
        case .c4: versions(first)
        case .c5, .c6, .c7: collectedSet(claim, first)
        case .c8: partnersRole(.storageSystem, first)
        case .c9: partnersRole(.applicationServer, first)
        case .c15, .c16: destination(claim, first)
        case .c17: fibreChannelDestination(first)
        case .c18, .c22, .c25, .c29: virtualInterface(first)
        case .c19: bootStatus(first)
        case .c20, .c21: beforeStorageOS(claim, first)
        case .c23, .c26, .c30: requestedServices(first)
        case .c24, .c27: communication(first)
        case .c28, .c31: acceptedConnection(first)
        case .c32: heartbeatsRead(first)
        }
    }
}
