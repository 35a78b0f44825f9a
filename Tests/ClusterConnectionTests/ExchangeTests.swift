import Testing

@testable import ClusterConnection

/// After the establishment: who speaks which version, which clients have counterparts, whose ports can receive.
/// That ready is told only when both sides can receive, and at most one loss after it, is checked with every
/// notice (TwoPartners+Ports).
struct ExchangeTests {
    /// A pair with one client of the same name on both sides, and room for more.
    private func pair(
        _ name: String, seed: UInt64 = 1, settings: [Settings] = [.initiator, .acceptor]
    ) -> TwoPartners {
        let pair = TwoPartners(name, seed: seed, settings: settings)
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .zero)
        return pair
    }

    private func settings(_ lowest: UInt16, _ highest: UInt16) -> (Settings, Settings) {
        var one = Settings.initiator
        var two = Settings.acceptor
        one.versions = .of(lowest, highest)
        two.versions = .of(lowest, highest)
        return (one, two)
    }

    @Test(arguments: 0..<20)
    func clientsOfTheSameNameAreToldReadyOnBothSides(seed: Int) {
        let pair = pair("ready, seed \(seed)", seed: UInt64(seed))
        let here = pair.register("mirror", at: 0, ports: 3, memory: 8_192)
        let there = pair.register("mirror", at: 1, ports: 3, memory: 8_192)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(here, at: 0) == ["ready 3 8192"], "\(pair.tail)")
        #expect(pair.standing(there, at: 1) == ["ready 3 8192"])
        // Peer information, clients, ports, ready: one message each, however many ports.
        #expect(pair.count(.messageSent, by: 0) <= 5)
        #expect(pair.count(.readySaid, by: 0) == 1)
        #expect(pair.count(.partnerReady, by: 0) == 1)
    }

    @Test func partnersWithoutClientsAreReadyForEachOther() {
        let pair = pair("no clients")
        pair.run(for: .milliseconds(50))
        for node in 0...1 {
            #expect(pair.count(.readySaid, by: node) == 1)
            #expect(pair.count(.partnerReady, by: node) == 1)
        }
        pair.run(for: .seconds(10))
        #expect(pair.areEstablished)
    }

    @Test func aMismatchIsResolvedToTheLesserOfBoth() {
        let pair = pair("mismatch")
        let here = pair.register("mirror", at: 0, ports: 5, memory: 4_096)
        let there = pair.register("mirror", at: 1, ports: 2, memory: 65_536)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096"])
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"])
    }

    @Test func aClientWithoutCounterpartIsToldSoOnceAndWaitsUntilOneComes() {
        let pair = pair("late counterpart")
        let here = pair.register("messenger", at: 0)
        let other = pair.register("mirror", at: 0)
        _ = pair.register("mirror", at: 1)
        pair.run(for: .seconds(2))
        #expect(pair.standing(here, at: 0) == ["none"])
        #expect(pair.standing(other, at: 0) == ["ready 2 4096"])
        let there = pair.register("messenger", at: 1)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(here, at: 0) == ["none", "ready 2 4096"])
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"])
        #expect(pair.standing(other, at: 0) == ["ready 2 4096"], "the others are not disturbed")
    }

    @Test func rolesHaveToFitEachOther() {
        let pair = pair("roles")
        let one = pair.register("log", at: 0, role: .active)
        let two = pair.register("log", at: 1, role: .active)
        let three = pair.register("copy", at: 0, role: .active)
        let four = pair.register("copy", at: 1, role: .passive)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(one, at: 0) == ["none"])
        #expect(pair.standing(two, at: 1) == ["none"])
        #expect(pair.standing(three, at: 0) == ["ready 2 4096"])
        #expect(pair.standing(four, at: 1) == ["ready 2 4096"])
    }

    @Test func aClientThatWithdrawsIsMissedByItsCounterpartAlone() {
        let pair = pair("withdrawal")
        let here = pair.register("mirror", at: 0)
        let there = pair.register("mirror", at: 1)
        let other = pair.register("messenger", at: 1)
        _ = pair.register("messenger", at: 0)
        pair.run(for: .milliseconds(50))
        guard let life = pair.lives[0] else { return }
        pair.feed(.withdraw(here), to: life)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096", "lost withdrew alive"])
        #expect(pair.standing(there, at: 1) == ["ready 2 4096", "lost counterpartWithdrew alive", "none"])
        #expect(pair.standing(other, at: 1) == ["ready 2 4096"])
        let again = pair.register("mirror", at: 0)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(again, at: 0) == ["ready 2 4096"])
        #expect(pair.standing(there, at: 1).last == "ready 2 4096")
    }

    @Test func whoAsksForTooMuchIsRefusedAloneAndWithTheNumbers() {
        var narrow = Settings.initiator
        narrow.clientLimits.portsOfOne = 4
        narrow.clientLimits.ports = 6
        narrow.clientLimits.memory = 10_000
        narrow.clientLimits.clients = 3
        let pair = pair("limits", settings: [narrow, .acceptor])
        let first = pair.register("one", at: 0, ports: 4, memory: 4_096)
        let manyPorts = pair.register("two", at: 0, ports: 5)
        let portsInAll = pair.register("three", at: 0, ports: 3)
        let memory = pair.register("four", at: 0, ports: 1, memory: 6_000)
        let sameName = pair.register("one", at: 0, ports: 1)
        let second = pair.register("five", at: 0, ports: 1, memory: 100)
        let third = pair.register("six", at: 0, ports: 1, memory: 100)
        let tooMany = pair.register("seven", at: 0, ports: 0, memory: 0)
        #expect(pair.notices(manyPorts, at: 0) == [.refused(.portsOfOne, requested: 5, allowed: 4)])
        #expect(pair.notices(portsInAll, at: 0) == [.refused(.ports, requested: 7, allowed: 6)])
        #expect(pair.notices(memory, at: 0) == [.refused(.memory, requested: 10_096, allowed: 10_000)])
        #expect(pair.notices(sameName, at: 0) == [.refused(.name, requested: 2, allowed: 1)])
        #expect(pair.notices(tooMany, at: 0) == [.refused(.clients, requested: 4, allowed: 3)])
        for client in [first, second, third] { #expect(pair.notices(client, at: 0) == []) }
    }

    @Test func aLossIsToldOnceAfterThePortsAreGoneAndReadyComesAgainWithTheNextLife() {
        let pair = pair("loss")
        let here = pair.register("mirror", at: 0)
        _ = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(50))
        pair.noteFault()
        pair.kill(1)
        pair.run(for: .milliseconds(20))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096", "lost connection dead"])
        pair.boot(1)
        pair.run(for: .milliseconds(1))
        let again = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(700))
        // The new life's client came a moment after its CCM.
        #expect(
            pair.standing(here, at: 0).filter { $0 != "none" }
                == ["ready 2 4096", "lost connection dead", "ready 2 4096"])
        #expect(pair.standing(again, at: 1) == ["ready 2 4096"])
        let incarnations = pair.notices(here, at: 0).compactMap { notice in
            if case .ready(let incarnation, _, _) = notice { incarnation } else { nil }
        }
        #expect(Set(incarnations).count == 2, "each ready names the life that it is about")
    }

    @Test func clientsAreToldOfTheOwnRailsLossAndAccuseNobody() {
        let pair = pair("own rail lost")
        let here = pair.register("mirror", at: 0)
        _ = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(50))
        pair.noteFault()
        if let life = pair.lives[0] { pair.feed(.railLost(), to: life) }
        #expect(pair.standing(here, at: 0) == ["ready 2 4096", "lost connection none"])
    }

    @Test func lossesAreToldInTheOrderOfRegistration() {
        let pair = pair("order")
        let clients = ["first", "second", "third"].map { pair.register($0, at: 0) }
        for name in ["third", "second", "first"] { _ = pair.register(name, at: 1) }
        pair.run(for: .milliseconds(50))
        pair.noteFault()
        pair.kill(1)
        pair.run(for: .milliseconds(20))
        let told = pair.history.filter { $0.node == 0 && $0.record.event == .clientLost }
        #expect(told.compactMap { $0.record["client"] } == ["first", "second", "third"])
        #expect(clients.allSatisfy { pair.standing($0, at: 0).last == "lost connection dead" })
    }

    @Test func portsThatCannotBeMadeConcernTheirClientAlone() {
        let pair = pair("no ports")
        let here = pair.register("mirror", at: 0)
        pair.lives[0]?.cannotMakePorts = [here]
        let there = pair.register("mirror", at: 1)
        let other = pair.register("messenger", at: 0)
        _ = pair.register("messenger", at: 1)
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(here, at: 0) == ["failed"])
        #expect(pair.standing(there, at: 1) == ["none"])
        #expect(pair.standing(other, at: 0) == ["ready 2 4096"])
    }

    /// The partner has its table by then, and may have connected its own ports.
    @Test(arguments: [0, 1])
    func portsThatCannotBeConnectedConcernTheirClientAlone(_ node: Int) {
        let pair = pair("ports that cannot be connected")
        let clients = [pair.register("mirror", at: 0), pair.register("mirror", at: 1)]
        pair.lives[node]?.cannotConnectPorts = [clients[node]]
        let others = [pair.register("messenger", at: 0), pair.register("messenger", at: 1)]
        pair.run(for: .milliseconds(50))
        #expect(pair.standing(clients[node], at: node) == ["failed"])
        #expect(pair.standing(clients[1 - node], at: 1 - node) == ["none"])
        for side in 0...1 {
            #expect(pair.standing(others[side], at: side) == ["ready 2 4096"])
            #expect(pair.verdicts(by: side) == ["alive"])
        }
    }

    @Test func slowPortsHoldUpReadyAndNothingElse() {
        let pair = pair("slow ports")
        pair.lives[1]?.portLatency = .milliseconds(700)
        let here = pair.register("mirror", at: 0)
        _ = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(650))
        #expect(pair.standing(here, at: 0) == [])
        pair.run(for: .seconds(2))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096"])
        #expect(pair.verdicts(by: 0) == ["alive"])
    }

    @Test func anExchangeThatNeverEndsIsBegunAgain() {
        let pair = pair("never ready")
        pair.lives[1]?.portLatency = .seconds(60)
        _ = pair.register("mirror", at: 0)
        _ = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(4_800))
        pair.noteFault()
        pair.run(for: .seconds(1))
        #expect(pair.count(.exchangeFailed, by: 0) + pair.count(.exchangeFailed, by: 1) >= 1)
        pair.lives[1]?.portLatency = .microseconds(200)
        for _ in 0..<6 {
            // What the slow ports had begun meanwhile runs out, too.
            pair.noteFault()
            pair.run(for: .seconds(1))
        }
        #expect(pair.count(.clientReady, by: 0) == 1)
    }

    // MARK: Versions

    @Test(arguments: [0, 1], [0, 1])
    func anOldAndANewPartnerBecomeReadyWithTheOldVersion(old: Int, first: Int) {
        var all = [Settings.initiator, .acceptor]
        all[old].versions = .of(1, 1)
        let pair = TwoPartners("node \(old) is old, \(first) boots first", settings: all)
        pair.boot(first)
        pair.run(for: .milliseconds(5))
        pair.boot(1 - first)
        pair.run(for: .zero)
        let here = pair.register("mirror", at: 0)
        let there = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(700))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096"], "\(pair.tail)")
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"])
        #expect(pair.lives[0]?.manager.exchange.version == 1)
        #expect(pair.lives[1]?.manager.exchange.version == 1)
    }

    @Test func withAPartnerOfVersionOneALateClientWaitsForTheNextConnection() {
        let (one, _) = settings(1, 1)
        let pair = pair("late client, old partner", settings: [one, .acceptor])
        pair.run(for: .milliseconds(50))
        _ = pair.register("mirror", at: 0)
        let there = pair.register("mirror", at: 1)
        pair.run(for: .seconds(1))
        #expect(pair.standing(there, at: 1) == ["none"])
        pair.noteFault()
        pair.cut()
        pair.run(for: .milliseconds(200))
        pair.heal()
        pair.run(for: .seconds(2))
        #expect(pair.standing(there, at: 1) == ["none", "ready 2 4096"], "\(pair.tail)")
    }

    /// The partner was told of this side's clients once, and would never send the tables that such ports wait for.
    @Test func withAPartnerOfVersionOneNobodyMakesPortsForAClientThatThePartnerWasNotToldOf() {
        let (one, _) = settings(1, 1)
        let pair = TwoPartners("late client of one side, old partner", settings: [one, .acceptor])
        pair.namesToRegister[1] = ["mirror"]
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .milliseconds(50))
        let late = pair.register("mirror", at: 0)
        pair.run(for: .seconds(1))
        #expect(pair.standing(late, at: 0) == ["none"])
        #expect(pair.count(.clientMatched, by: 0) == 0)
        pair.noteFault()
        pair.cut()
        pair.run(for: .milliseconds(200))
        pair.heal()
        pair.run(for: .seconds(2))
        #expect(pair.standing(late, at: 0) == ["none", "ready 2 4096"], "\(pair.tail)")
    }

    @Test func partnersWithoutACommonVersionAreIncompatibleOnBothSidesWithoutAStorm() {
        var newer = Settings.acceptor
        newer.versions = .of(3, 4)
        let pair = TwoPartners("no common version", settings: [.initiator, newer])
        pair.noteFault()
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .seconds(60))
        #expect(pair.verdicts(by: 0) == ["incompatible"])
        #expect(pair.verdicts(by: 1) == ["incompatible"])
        let told = pair.history.first { $0.node == 0 && $0.record.event == .connectFailed }
        #expect(told?.record["partnerLowest"] == "3")
        #expect(told?.record["partnerHighest"] == "4")
        #expect(told?.record["highest"] == "2")
    }

    @Test func anUnknownOptionalCapabilityIsSkipped() throws {
        var newer = Settings.acceptor
        newer.capabilities = [.init(name: try #require(Name("time-travel")), isRequired: false)]
        let pair = pair("optional capability", settings: [.initiator, newer])
        pair.run(for: .milliseconds(50))
        #expect(pair.count(.partnerReady, by: 0) == 1)
    }

    @Test(arguments: [0, 1])
    func anUnknownRequiredCapabilityIsRefusedByNameOnBothSidesWithoutAStorm(node: Int) throws {
        var all = [Settings.initiator, .acceptor]
        all[node].capabilities = [.init(name: try #require(Name("time-travel")), isRequired: true)]
        let pair = TwoPartners("required capability of node \(node)", settings: all)
        pair.noteFault()
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .seconds(60))
        for node in 0...1 {
            #expect(pair.verdicts(by: node) == ["alive", "incompatible"], "\(pair.tail)")
            let refusal = pair.history.first { $0.node == node && $0.record.event == .partnerRefused }
            #expect(refusal?.record["capability"] == "time-travel")
            #expect(pair.count(.established, by: node) == 1)
        }
        // Another life may speak otherwise.
        pair.settings[node].capabilities = []
        pair.kill(node)
        pair.run(for: .milliseconds(10))
        pair.boot(node)
        pair.run(for: .seconds(5))
        #expect(pair.areEstablished, "\(pair.tail)")
    }

    /// The partner may read the refusal and leave before this side hears that it was delivered.
    @Test func aPartnerThatLeavesOverARefusalIsIncompatibleAndNotDead() throws {
        var bench = Bench(.initiator)
        bench.establish()
        let capability = PeerInformation.Capability(
            name: try #require(Name("time-travel")), isRequired: true)
        let information = PeerInformation(
            versions: .supported, role: .storageSystem, capabilities: [capability])
        let message = Message(
            .peerInformation, version: 2, number: 1, writer: .b, reader: .a, payload: information.payload)
        let connection = bench.connection
        #expect(bench.handle(.received(connection, message.bytes)).contains("send 1 refusal"))
        bench.handle(.disconnected(connection))
        #expect(bench.manager.verdict == .incompatible)
    }

    // MARK: Boot progress

    @Test func aBootThatStandsStillIsReportedOnceWithThePhaseAndIsNoVerdict() {
        var impatient = Settings.initiator
        impatient.listeningDeadline = .seconds(3)
        impatient.loadingDeadline = .seconds(2)
        let pair = pair("stall", settings: [impatient, .acceptor])
        pair.run(for: .seconds(10))
        #expect(pair.count(.partnerStalled, by: 0) == 1)
        if let life = pair.lives[1] { pair.feed(.bootPhase(.storageOSLoading), to: life) }
        pair.run(for: .milliseconds(1_900))
        #expect(pair.count(.partnerStalled, by: 0) == 1)
        pair.run(for: .seconds(10))
        #expect(pair.count(.partnerStalled, by: 0) == 2)
        if let life = pair.lives[1] { pair.feed(.bootPhase(.storageOSActive), to: life) }
        pair.run(for: .seconds(10))
        #expect(pair.count(.partnerStalled, by: 0) == 2)
        #expect(pair.verdicts(by: 0) == ["alive"])
    }

    // MARK: Adversity

    @Test(arguments: 0..<10)
    func whateverHappensClientsEndUpReadyWithTheLastLives(block: Int) {
        for seed in (block * 20)..<(block * 20 + 20) {
            var random = SplitMix64(seed: UInt64(seed) ^ 0xc11e)
            let pair = TwoPartners("clients in adversity, seed \(seed)", seed: UInt64(seed))
            pair.latency = 5_000...[10_000, 40_000, 1_000_000][seed % 3]
            pair.namesToRegister = [["one", "two"], ["two", "one"]]
            pair.boot(0)
            pair.boot(1, after: .microseconds(.random(in: 0...10_000, using: &random)))
            for _ in 0..<8 {
                pair.run(
                    for: .microseconds(.random(in: 0...[2_000, 30_000, 400_000][seed % 3], using: &random)))
                let node = Int.random(in: 0...1, using: &random)
                switch Int.random(in: 0...6, using: &random) {
                case 0: pair.kill(node)
                case 1: pair.powerOff(node)
                case 2: pair.freeze(node)
                case 3: pair.cut()
                case 4: pair.heal()
                case 5: pair.thaw(node)
                default: pair.boot(node)
                }
            }
            pair.heal()
            for node in 0...1 {
                pair.thaw(node)
                pair.boot(node)
            }
            // A handshake and an exchange that began before all was well may have to reach their deadlines first.
            for _ in 0..<800 where !pair.areReady(clients: 2) { pair.run(for: .milliseconds(10)) }
            if !pair.areReady(clients: 2) { Issue.record("\(pair.name): not ready\n\(pair.tail)") }
        }
    }
}
