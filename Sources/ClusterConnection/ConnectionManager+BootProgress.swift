// The partner's boot is read, not told. One that stands still past its deadline is reported with the phase, and
// that is all: the partner lives, and what to make of it is for a client to decide.

extension ConnectionManager {
    /// Sets the deadline of the phase that the partner was last read in, where the phase has one.
    mutating func watchBoot(at now: Instant, into actions: inout [Action]) {
        guard !stallIsReported, let deadline = deadline(of: partnerPhase) else {
            actions.append(.cancelTimer(.stall))
            return
        }
        actions.append(.setTimer(.stall, max(now, partnerPhaseSince + deadline)))
    }

    mutating func bootStalled(at now: Instant, into actions: inout [Action]) {
        guard firstEstablished != nil, let phase = partnerPhase, deadline(of: phase) != nil else { return }
        // Who stood still itself has not looked in time: the next read comes first.
        guard !wasLate(at: now) else {
            return actions.append(.setTimer(.stall, now + settings.heartbeatInterval * 2))
        }
        stallIsReported = true
        actions.append(
            .record(
                HistoryRecord(.partnerStalled).with("phase", .text(phase.name))
                    .with("forNs", .number((now - partnerPhaseSince).nanoseconds))
                    .with("partnerIncarnation", .incarnation(partnerIncarnation))))
        notifyAll(.partnerStalled(phase, partnerIncarnation), into: &actions)
    }

    private func deadline(of phase: BootPhase?) -> TimeSpan? {
        switch phase {
        case .poweredOn, .ccmStarting, .ccmListening: settings.listeningDeadline
        case .storageOSLoading: settings.loadingDeadline
        case .storageOSActive, .shuttingDown, .panicked, nil: nil
        }
    }
}
