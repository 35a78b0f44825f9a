import Testing

@testable import ClusterConnection

/// A pair with two rails: each is connected for itself, one carries the clients' ports, and the loss of one is not the
/// loss of the partner.
struct RailsTests {
    private static let second = RailID(index: 1)

    private func settings(_ rails: Int = 2) -> [Settings] {
        var settings = [Settings.initiator, .acceptor]
        for index in settings.indices { settings[index].rails = rails }
        return settings
    }

    /// A pair that is connected on all its rails, with one client that is ready on both sides.
    private func readyPair(
        _ name: String, seed: UInt64 = 1, rails: Int = 2
    ) -> (pair: TwoPartners, here: ClientID, there: ClientID) {
        let pair = TwoPartners(name, seed: seed, settings: settings(rails))
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .zero)
        let here = pair.register("mirror", at: 0)
        let there = pair.register("mirror", at: 1)
        pair.run(for: .milliseconds(700))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096"], "\(pair.tail)")
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"], "\(pair.tail)")
        for rail in 0..<UInt8(rails) { #expect(pair.areEstablished(on: RailID(index: rail))) }
        return (pair, here, there)
    }

    @Test(arguments: 0..<6)
    func everyRailIsConnectedAndHasHeartbeatsOfItsOwn(seed: Int) throws {
        let (pair, _, _) = readyPair("two rails, seed \(seed)", seed: UInt64(seed))
        let manager = try #require(pair.lives[0]?.manager)
        let beats = manager.rails.map(\.block.heartbeat)
        pair.run(for: .seconds(1))
        let later = try #require(pair.lives[0]?.manager.rails.map(\.block.heartbeat))
        for (before, after) in zip(beats, later) { #expect(after - before >= 99) }
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.verdicts(by: 1) == ["alive"])
    }

    @Test(arguments: 0..<6)
    func bothSidesKeepTheClientsPortsOnTheSameRail(seed: Int) throws {
        let (pair, _, _) = readyPair("same rail, seed \(seed)", seed: UInt64(seed))
        let one = try #require(pair.lives[0]?.manager.exchange.connection.rail)
        let two = try #require(pair.lives[1]?.manager.exchange.connection.rail)
        #expect(one == two)
        #expect(pair.count(.clientReady, by: 0) == 1)
        #expect(pair.count(.clientReady, by: 1) == 1)
    }

    @Test(arguments: 0..<6)
    func theLossOfTheRailThatCarriesPortsIsNoLossOfThePartner(seed: Int) throws {
        let (pair, here, there) = readyPair("cut, seed \(seed)", seed: UInt64(seed))
        let rail = try #require(pair.lives[0]?.manager.exchange.connection.rail)
        pair.cut(rail)
        pair.run(for: .milliseconds(200))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096", "paused", "resumed 2 4096"], "\(pair.tail)")
        #expect(pair.standing(there, at: 1) == ["ready 2 4096", "paused", "resumed 2 4096"], "\(pair.tail)")
        for node in 0...1 {
            #expect(pair.verdicts(by: node) == ["alive"])
            #expect(pair.count(.railFault, by: node) == 1)
            #expect(pair.lives[node]?.manager.exchange.connection.rail != rail)
            #expect(pair.lives[node]?.manager[rail].faults == 1)
        }
    }

    @Test func theLossOfARailWithoutPortsDisturbsNoClient() throws {
        let (pair, here, there) = readyPair("the other rail")
        let carrier = try #require(pair.lives[0]?.manager.exchange.connection.rail)
        let other = carrier == .first ? Self.second : .first
        pair.cut(other)
        pair.run(for: .seconds(2))
        #expect(pair.standing(here, at: 0) == ["ready 2 4096"])
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"])
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.count(.railFault, by: 0) == 1)
    }

    @Test func aRailThatReturnsIsUsedAgainWhenTheOtherIsLost() throws {
        let (pair, here, _) = readyPair("to and fro")
        for turn in 1...6 {
            let rail = try #require(pair.lives[0]?.manager.exchange.connection.rail)
            pair.cut(rail)
            pair.run(for: .milliseconds(200))
            pair.heal(rail)
            pair.run(for: .seconds(1))
            #expect(pair.areEstablished(on: .first) && pair.areEstablished(on: Self.second), "\(pair.tail)")
            #expect(pair.count(.clientResumed, by: 0) == turn)
        }
        #expect(pair.standing(here, at: 0).count == 13)
        #expect(pair.verdicts(by: 0) == ["alive"])
        #expect(pair.verdicts(by: 1) == ["alive"])
    }

    @Test func theLossOfAllRailsIsOneLossForEveryClient() {
        let (pair, here, there) = readyPair("all rails")
        pair.cut()
        pair.run(for: .milliseconds(500))
        #expect(pair.standing(here, at: 0).last == "lost connection unreachable", "\(pair.tail)")
        #expect(pair.standing(there, at: 1).last == "lost connection unreachable", "\(pair.tail)")
        #expect(pair.standing(here, at: 0).count { $0.hasPrefix("lost") } == 1)
        #expect(pair.verdicts(by: 0) == ["alive", "unreachable"])
        pair.heal()
        pair.run(for: .seconds(2))
        #expect(pair.standing(here, at: 0).last == "ready 2 4096")
        #expect(pair.standing(there, at: 1).last == "ready 2 4096")
    }

    @Test(arguments: 0..<6)
    func aKilledPartnerIsDeadHoweverManyRailsThereAre(seed: Int) {
        let (pair, here, _) = readyPair("kill, seed \(seed)", seed: UInt64(seed), rails: 1 + seed % 4)
        pair.kill(1)
        pair.run(for: .milliseconds(3))
        #expect(pair.verdicts(by: 0) == ["alive", "dead"], "\(pair.tail)")
        #expect(pair.standing(here, at: 0).last == "lost connection dead")
        pair.boot(1)
        pair.run(for: .zero)
        let there = pair.register("mirror", at: 1)
        pair.run(for: .seconds(1))
        #expect(pair.standing(here, at: 0).last == "ready 2 4096", "\(pair.tail)")
        #expect(pair.standing(there, at: 1) == ["ready 2 4096"])
    }

    @Test func aFrozenPartnerIsHungOnceEveryRailSaysSo() {
        let (pair, here, _) = readyPair("freeze")
        pair.freeze(1)
        pair.run(for: .milliseconds(300))
        #expect(pair.verdicts(by: 0) == ["alive", "hung"], "\(pair.tail)")
        #expect(pair.standing(here, at: 0).count { $0.hasPrefix("lost") } == 1)
        pair.thaw(1)
        pair.run(for: .seconds(3))
        #expect(pair.verdicts(by: 0).last == "alive")
    }

    @Test func aRebootSeenOnOneRailEndsWhatTheOthersHeldOfTheOldLife() {
        let (pair, here, _) = readyPair("power-off while one rail is cut")
        pair.powerOff(1)
        pair.boot(1, after: .milliseconds(5))
        pair.run(for: .seconds(1))
        #expect(pair.areEstablished(on: .first) && pair.areEstablished(on: Self.second), "\(pair.tail)")
        #expect(pair.standing(here, at: 0).count { $0.hasPrefix("lost") } == 1, "\(pair.tail)")
        #expect(pair.verdicts(by: 0).first { $0 != "alive" } == "rebooted", "\(pair.tail)")
        #expect(pair.verdicts(by: 0).last == "alive")
    }

    @Test func clientsThatWithdrawDuringAPauseAreToldOfTheirLossOnce() throws {
        let (pair, here, there) = readyPair("withdrawal in a pause")
        let rail = try #require(pair.lives[0]?.manager.exchange.connection.rail)
        pair.cut(rail)
        while pair.standing(here, at: 0).last != "paused" || pair.standing(there, at: 1).last != "paused" {
            guard let next = pair.time.next(until: pair.now + .milliseconds(300)) else { break }
            next()
        }
        if let life = pair.lives[1] { pair.feed(.withdraw(there), to: life) }
        pair.run(for: .milliseconds(300))
        #expect(pair.standing(there, at: 1) == ["ready 2 4096", "paused", "lost withdrew alive"])
        #expect(
            pair.standing(here, at: 0) == [
                "ready 2 4096", "paused", "lost counterpartWithdrew alive", "none",
            ], "\(pair.tail)")
    }

    @Test func anIncompatiblePartnerIsRefusedOnAllRails() throws {
        var settings = settings()
        let quantum = try #require(Name("quantum"))
        settings[1].capabilities = [PeerInformation.Capability(name: quantum, isRequired: true)]
        let pair = TwoPartners("incompatible", settings: settings)
        pair.noteFault()
        pair.boot(0)
        pair.boot(1)
        pair.run(for: .milliseconds(900))
        for node in 0...1 {
            #expect(pair.verdicts(by: node).last == "incompatible", "\(pair.tail)")
            #expect(pair.lives[node]?.isEstablished == false)
            #expect(pair.count(.partnerRefused, by: node) <= 2)
        }
    }

    @Test func aSideThatKnowsOneRailWorksWithOneThatKnowsTwo() {
        for node in 0...1 {
            var settings = settings()
            settings[node].rails = 1
            let pair = TwoPartners("one against two, \(node)", settings: settings)
            // What is behind the missing rail never answers.
            pair.cut(Self.second)
            pair.boot(0)
            pair.boot(1)
            pair.run(for: .zero)
            let here = pair.register("mirror", at: 0)
            pair.run(for: .milliseconds(50))
            _ = pair.register("mirror", at: 1)
            pair.run(for: .milliseconds(900))
            #expect(pair.standing(here, at: 0).last == "ready 2 4096", "\(pair.tail)")
        }
    }

    /// Rails are cut and healed, partners killed, powered off, frozen and booted, all at random: what must always hold
    /// is checked after every event, and in the end both are ready.
    @Test(arguments: 0..<6)
    func tenSeedsOfFaultsOnTwoRailsConverge(block: Int) {
        for seed in (block * 10)..<(block * 10 + 10) {
            var random = SplitMix64(seed: UInt64(seed) ^ 0x7a11)
            let pair = TwoPartners(
                "rails, seed \(seed)", seed: UInt64(seed), settings: settings(2 + seed % 2))
            pair.namesToRegister = [["mirror", "messenger"], ["messenger", "mirror"]]
            pair.boot(0, after: .microseconds(.random(in: 0...20_000, using: &random)))
            pair.boot(1, after: .microseconds(.random(in: 0...20_000, using: &random)))
            pair.run(for: .microseconds(.random(in: 0...40_000, using: &random)))
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let node = Int.random(in: 0...1, using: &random)
                let rail = RailID(index: UInt8.random(in: 0...1, using: &random))
                switch Int.random(in: 0...7, using: &random) {
                case 0: pair.kill(node)
                case 1: pair.powerOff(node)
                case 2: pair.freeze(node)
                case 3: pair.cut()
                case 4, 5: pair.cut(rail)
                case 6: pair.heal()
                default: pair.heal(rail)
                }
                pair.run(for: .microseconds(.random(in: 0...120_000, using: &random)))
                for node in 0...1 {
                    pair.thaw(node)
                    if pair.lives[node] == nil { pair.boot(node) }
                }
                pair.run(for: .microseconds(.random(in: 0...120_000, using: &random)))
            }
            pair.heal()
            pair.run(for: .seconds(4))
            if !pair.areReady(clients: 2) {
                Issue.record("seed \(seed): not ready in the end\n\(pair.tail)")
            }
        }
    }
}
