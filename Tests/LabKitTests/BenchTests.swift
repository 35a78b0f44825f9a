import ClusterConnection
import Testing

@testable import LabKit

/// What `ccmlab bench` prints is made of histories and of what other programs measured.
struct BenchTests {
    private func row(_ figure: Quantity, _ reference: Quantity, _ limit: BenchRow.Limit?) -> BenchRow {
        BenchRow(
            bench: "test", name: "test", comparison: "other", figure: figure, reference: reference,
            limit: limit)
    }

    // MARK: Ratios and limits

    @Test func aLimitHoldsUpToItsVeryRatio() {
        let hundred = Quantity.throughput(100)
        #expect(row(.throughput(95), hundred, .atLeast(0.95)).holds == true)
        #expect(row(.throughput(94.9), hundred, .atLeast(0.95)).holds == false)
        let span = Quantity.span(.microseconds(100))
        #expect(row(.span(.microseconds(120)), span, .atMost(1.2)).holds == true)
        #expect(row(.span(.nanoseconds(120_001)), span, .atMost(1.2)).holds == false)
        #expect(row(.span(.microseconds(500)), span, nil).holds == nil)
    }

    @Test func aReferenceOfNothingHoldsNoLimit() {
        let row = row(.span(.microseconds(1)), .span(.zero), .atMost(1.2))
        #expect(row.ratio == nil)
        #expect(row.holds == false)
    }

    @Test func theMedianOfAnEvenCountIsBetweenTheMiddleTwo() {
        let spans = [40, 10, 30, 20].map { Quantity.span(.nanoseconds($0)) }
        #expect(Quantity(medianOf: spans) == .span(.nanoseconds(25)))
        #expect(Quantity(medianOf: Array(spans.dropLast())) == .span(.nanoseconds(30)))
        #expect(Quantity(medianOf: [.throughput(1), .throughput(2)]) == .throughput(1.5))
        #expect(Quantity(medianOf: []) == nil)
    }

    // MARK: The table

    @Test func theTableIsNeverWiderThanEightyColumns() {
        let table = BenchTable(colours: false)
        var wide = row(.throughput(999e12), .span(.seconds(99_999)), .atMost(1_000))
        wide.name = String(repeating: "name ", count: 20)
        wide.comparison = String(repeating: "comparison ", count: 30)
        for line in table.lines(wide) + [table.header(clock: "virtual")] {
            #expect(line.count <= 80, "\(line.count): \(line)")
        }
    }

    @Test func aRowSaysFigureReferenceRatioLimitAndWhetherItHeld() {
        var row = row(.throughput(20 * 1_048_576), .throughput(25 * 1_048_576), .atLeast(0.95))
        row.name = "log mirror"
        #expect(
            BenchTable(colours: false).lines(row) == [
                "log mirror                          20.0 MiB/s  25.0 MiB/s   0.80  >= 0.95    NO",
                "    other",
            ])
    }

    @Test func coloursChangeNothingButTheColour() {
        let row = row(.span(.microseconds(1)), .span(.microseconds(2)), .atMost(1))
        let coloured = BenchTable(colours: true).lines(row).joined()
        let plain = coloured.replacing("\u{1B}[32m", with: "").replacing("\u{1B}[0m", with: "")
        #expect(plain == BenchTable(colours: false).lines(row).joined())
        #expect(plain != coloured)
    }

    @Test func theFiguresAreNumbersInJSON() {
        let row = row(.span(.microseconds(3)), .span(.microseconds(2)), .atMost(1.2))
        guard case .object(let fields) = row.json else {
            Issue.record("a row is no object")
            return
        }
        #expect(fields["figure"] == .object(JSONObject([("ns", .integer(3_000))])))
        #expect(fields["ratio"] == .number(1.5))
        #expect(fields["atMost"] == .number(1.2))
        #expect(fields["holds"] == .bool(false))
    }

    // MARK: Figures of histories

    @Test func aPortTakesWhatTheSlowerSideTookDividedByThePorts() throws {
        var run = try HistoryBuilder.goodRun(HistoryBuilder.withPorts)
        #expect(PortsBench.spanOfPort(in: run.record) == .nanoseconds(1_900))
        run.remove { $0.partner == .b && $0.name == .clientReady }
        #expect(PortsBench.spanOfPort(in: run.record) == nil)
        // b is ready 10 ms later than a.
        run.add(145.65, .b, .clientReady, [("client", .string("messenger")), ("ports", .integer(1_000))])
        #expect(PortsBench.spanOfPort(in: run.record) == .nanoseconds(11_900))
    }

    @Test func aRailIsReplacedOnceTheSlowerSideHasARecordAcknowledgedOverTheOther() throws {
        var run = try HistoryBuilder.goodRun()
        #expect(RailLossBench.spanToTraffic(in: run.record) == nil)
        run.add(500, nil, .fault, [("action", .string("cut")), ("began", .integer(499_000_000))])
        let client: [(String, JSONValue)] = [("client", .string("log-mirror"))]
        for (partner, time) in [(PartnerID.a, 610.0), (.b, 615)] {
            run.add(501, partner, .mirrorAcknowledged, client)
            run.add(time, partner, .clientResumed, client)
            run.add(time + 2, partner, .mirrorAcknowledged, client)
        }
        #expect(RailLossBench.spanToTraffic(in: run.record) == .milliseconds(117))
    }

    @Test func theMirrorsThroughputIsWhatWasAcknowledgedBetweenTwoNotes() throws {
        var run = try HistoryBuilder.goodRun()
        #expect(MirrorBench.throughput(in: run.record) == nil)
        // What was found is no work of this run.
        run.add(500, .a, .mirrorAcknowledged, [("highest", .integer(0))])
        run.add(600, .a, .mirrorAcknowledged, [("highest", .integer(1))])
        #expect(MirrorBench.throughput(in: run.record) == nil)
        run.add(700, .b, .mirrorAcknowledged, [("highest", .integer(999))])
        run.add(1_600, .a, .mirrorAcknowledged, [("highest", .integer(101))])
        #expect(MirrorBench.throughput(in: run.record) == 6_553_600)
    }

    @Test func theRoundTripIsTheAskersOwnMedian() throws {
        var run = try HistoryBuilder.goodRun()
        #expect(MessengerBench.roundTrip(in: run.record) == nil)
        run.add(2_004, .b, .messengerReport, [("roundTripMedianNs", .integer(1))])
        run.add(2_004, .a, .messengerReport, [("roundTripMedianNs", .integer(345_000))])
        #expect(MessengerBench.roundTrip(in: run.record) == .microseconds(345))
    }

    @Test func aHeartbeatReadIsThatOfBothPartners() throws {
        var run = try HistoryBuilder.goodRun()
        #expect(HeartbeatBench.read(in: run.record) == .microseconds(97))
        run.remove { $0.partner == .b && $0.name == .stopped }
        #expect(HeartbeatBench.read(in: run.record) == nil)
    }

    @Test func aRunWithoutTheFigureIsToldInsteadOfLeftOut() throws {
        var evidence = BenchEvidence()
        evidence.runs["thousand-ports"] = [
            try HistoryBuilder.goodRun(HistoryBuilder.withPorts).record, try HistoryBuilder.goodRun().record,
        ]
        #expect(throws: LabError.self) { try PortsBench().rows(evidence) }
    }

    // MARK: Settings

    @Test func everyBenchHasItsScenariosUnderTheirFilesNames() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        for bench in Benches.all {
            let files = bench.scenarios.map { "/\(root)/Lab/bench/\($0).yaml" }
            #expect(try ScenarioLibrary.load(files).map(\.name) == bench.scenarios, "\(bench.name)")
        }
        #expect(Set(Benches.all.map(\.name)).count == Benches.all.count)
    }
}

extension HistoryBuilder {
    /// A scenario of two partners whose messengers have a thousand ports.
    fileprivate static let withPorts = """
        name: test
        summary: A test.
        settings: { clients: [{ kind: messenger, ports: 1000 }] }

        """
}
