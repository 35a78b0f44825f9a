import ClusterConnection

/// What the checker found of one run.
package struct Judgement: Sendable {
    package enum Result: Hashable, Sendable {
        case held
        case broke
        /// What the scenario expects to break broke, and nothing else; why it does.
        case brokeAsExpected(String)
        /// The run says nothing about the product; why.
        case notRun(String)

        /// Whether it is what the scenario wants of a run.
        package var isWanted: Bool {
            switch self {
            case .held, .brokeAsExpected: true
            case .broke, .notRun: false
            }
        }
    }

    package var result: Result
    package var broken: [Broken]
    package var claims: [ClaimTrace]
    package var measurements: Measurements
    package var incidents = Incidents()
    /// What partners were not judged by, because their programs do not tell of it.
    package var unjudged: [Unjudged] = []

    /// A run that could not be carried out.
    package static func notRun(_ reason: String) -> Judgement {
        Judgement(result: .notRun(reason), broken: [], claims: [], measurements: Measurements())
    }
}

/// Judges a run by its history alone: a pure function, so that every rule can be shown a history that breaks it.
package enum Checker {
    /// Judges one run.
    package static func judge(_ record: RunRecord) -> Judgement {
        let timeline = Timeline(record)
        let measurements = Measurements(of: timeline)
        if let reason = timeline.reasonNotStarted {
            var judgement = Judgement.notRun(reason)
            judgement.measurements = measurements
            return judgement
        }
        let claims = timeline.claimTraces()
        var broken: [Broken] = []
        broken += timeline.unsoundHistory()
        broken += timeline.unexpectedEnds()
        broken += timeline.disorderlyStops()
        broken += timeline.disorderedHandshakes()
        broken += timeline.establishedWithTheDead()
        broken += timeline.establishedUnseen()
        broken += timeline.crossedConnections()
        broken += timeline.establishedTooLate()
        broken += timeline.falseAlarms()
        broken += timeline.lossesNotFound()
        broken += timeline.notConnectedAgain()
        broken += timeline.readyTooEarly()
        broken += timeline.unbalancedLosses()
        broken += timeline.toldBeforeFenced()
        broken += timeline.notReadyAgain()
        broken += timeline.lostRecords()
        broken += timeline.writtenAfterLoss()
        broken += timeline.heldWritesNotRefused()
        broken += timeline.grownHoldings()
        broken += record.leaks.map { Broken(.nothingLeaks, $0) }
        broken += record.kernelFaults.map { Broken(.kernelQuiet, $0) }
        broken += timeline.brokenClaims(claims)
        broken += timeline.overlongHistories()
        broken += timeline.unmetExpectations()
        if broken.isEmpty, case .deadline(let waitedFor) = record.ending {
            broken.append(
                Broken(.expected, "the deadline passed while the run still waited for \(waitedFor)"))
        }
        var result = broken.isEmpty ? Judgement.Result.held : .broke
        if let expected = record.variant.scenario.expectedBreak { (result, broken) = expected.judge(broken) }
        return Judgement(
            result: result, broken: broken, claims: claims,
            measurements: measurements, incidents: Incidents(of: timeline), unjudged: timeline.unjudged())
    }
}
