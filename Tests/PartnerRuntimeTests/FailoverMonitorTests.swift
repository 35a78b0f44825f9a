import ClusterConnection
import Testing

@testable import PartnerRuntime

/// What the failover monitor makes of a death that may be taken back.
struct FailoverMonitorTests {
    /// A monitor, what the CCM does for it, and the decisions that it writes down.
    private final class Desk {
        let monitor: FailoverMonitor
        let services: ClientServices
        private let notes: Notes

        private final class Notes { var decisions: [String] = [] }

        init(patience: TimeSpan = .seconds(5), confirmation: TimeSpan) throws {
            let name = try #require(Name("failover-monitor"))
            let monitor = FailoverMonitor(
                name, policy: .goAlone, patience: patience, confirmation: confirmation)
            let notes = Notes()
            self.notes = notes
            self.monitor = monitor
            services = try ClientServices(
                monitor, as: ClientID(value: 1), of: Incarnation(value: 1), monitor.demand
            ) { record in
                for field in (0..<record.count).compactMap({ record[$0] }) {
                    if case .text(let text) = field.value, "\(field.name)" == "decision" {
                        notes.decisions.append("\(text)")
                    }
                }
            }
            monitor.registered(services)
        }

        var decisions: [String] { notes.decisions }
        func tell(_ verdict: Verdict?) {
            monitor.notified(.verdict(verdict, Incarnation(value: 2)), services)
        }
        func stall(in phase: BootPhase) {
            monitor.notified(.partnerStalled(phase, Incarnation(value: 2)), services)
        }
        func tell(_ phase: BootPhase) {
            monitor.notified(.partnerPhase(phase, Incarnation(value: 2)), services)
        }
    }

    @Test func aDeathIsActedUponOnlyWhenItWasNotTakenBack() throws {
        let confirmation = TimeSpan.milliseconds(100)
        let desk = try Desk(confirmation: confirmation)
        desk.tell(.alive)
        let before = desk.services.now
        desk.tell(.dead)
        #expect(desk.decisions == [])
        let due = try #require(desk.services.wakeTime)
        #expect(due >= before + confirmation && due <= desk.services.now + confirmation)
        desk.monitor.woken(desk.services)
        #expect(desk.decisions == ["takeover"])
    }

    @Test func aDeathThatIsTakenBackWaitsAsSilenceDoes() throws {
        let desk = try Desk(patience: .seconds(60), confirmation: .milliseconds(100))
        desk.tell(.alive)
        desk.tell(.dead)
        desk.tell(.unreachable)
        #expect(try #require(desk.services.wakeTime) > desk.services.now + .seconds(50))
        #expect(desk.decisions == [])
    }

    @Test func aShortPatienceShortensNoConfirmation() throws {
        let desk = try Desk(patience: .milliseconds(1), confirmation: .seconds(10))
        desk.tell(.alive)
        desk.tell(.dead)
        #expect(try #require(desk.services.wakeTime) > desk.services.now + .seconds(5))
    }

    @Test func whoSaidThatItShutsDownIsNotWaitedFor() throws {
        let desk = try Desk(confirmation: .seconds(10))
        desk.tell(.alive)
        desk.tell(.shuttingDown)
        desk.tell(.dead)
        #expect(desk.decisions == ["takeover"])
    }

    @Test func aStalledBootThatGoesOnInTimeIsNotTakenOver() throws {
        let desk = try Desk(confirmation: .milliseconds(100))
        desk.tell(.alive)
        desk.tell(.ccmListening)
        desk.stall(in: .ccmListening)
        #expect(try #require(desk.services.wakeTime) > desk.services.now)
        desk.tell(.storageOSLoading)
        #expect(desk.services.wakeTime == nil)
        #expect(desk.decisions == [])
    }

    @Test func aStandstillOutlivesAnInterruption() throws {
        let desk = try Desk(patience: .seconds(60), confirmation: .milliseconds(100))
        desk.tell(.alive)
        desk.stall(in: .ccmListening)
        desk.tell(.unreachable)
        desk.tell(.alive)
        #expect(try #require(desk.services.wakeTime) > desk.services.now + .seconds(50))
        desk.monitor.woken(desk.services)
        #expect(desk.decisions == ["takeover"])
    }

    @Test func aPanicIsWaitedForAsAStallIs() throws {
        let desk = try Desk(patience: .seconds(60), confirmation: .milliseconds(100))
        desk.tell(.alive)
        desk.tell(.storageOSActive)
        #expect(desk.services.wakeTime == nil)
        desk.tell(.panicked)
        #expect(try #require(desk.services.wakeTime) > desk.services.now + .seconds(50))
        desk.monitor.woken(desk.services)
        #expect(desk.decisions == ["takeover"])
    }

    @Test func theNextLifeOfOneThatPanickedStartsAfresh() throws {
        let desk = try Desk(confirmation: .milliseconds(100))
        desk.tell(.alive)
        desk.tell(.panicked)
        desk.tell(.dead)
        desk.monitor.woken(desk.services)
        desk.tell(.ccmListening)
        desk.tell(.alive)
        #expect(desk.services.wakeTime == nil)
        #expect(desk.decisions == ["takeover"])
    }

    @Test func theConfirmationIsNeverShorterThanThePauseInWhichOneThatLivesAsksAgain() {
        var settings = Settings(
            node: NodeIdentity(value: 1), partnerNode: NodeIdentity(value: 2),
            cluster: ClusterIdentity(low: 1, high: 2), role: .storageSystem)
        #expect(settings.deathConfirmation == .milliseconds(100))
        settings.backoffStart = .milliseconds(400)
        #expect(settings.deathConfirmation == .milliseconds(800))
    }
}
