import ClusterConnection

/// Decides whether this side takes the partner's work over or gives it back, from what the CCM holds of the
/// partner and from its own policy, and writes every decision down. Needs no ports.
///
/// | what the CCM tells | policy `goAlone` | policy `wait` |
/// | --- | --- | --- |
/// | hung, rebooted, dead after it said that it shuts down | takeover at once: the partner's ports are fenced, and it does not serve | wait |
/// | dead | takeover unless it asks again within `Settings.deathConfirmation`: it may have ended the connection alive | wait |
/// | unreachable, or no word from it since the start | takeover when the patience is over: it may still live | wait |
/// | its boot is stalled, or its storage OS panicked, and it stays so | takeover when the patience is over: its CCM lives | wait |
/// | incompatible, stranger | wait: a person has to look | wait |
/// | ready again, storage OS active | giveback | giveback |
final class FailoverMonitor: Client {
    /// What is done about a partner that does not serve.
    enum Policy: String, CaseIterable {
        case wait
        case goAlone
    }

    /// What was decided last.
    private enum Decision {
        case none
        case wait
        case takeover
        case giveback

        var name: StaticString {
            switch self {
            case .none: "none"
            case .wait: "wait"
            case .takeover: "takeover"
            case .giveback: "giveback"
            }
        }
    }

    let demand: ClientDemand
    private let name: Name
    private let policy: Policy
    private let patience: TimeSpan
    private let confirmation: TimeSpan
    private var decision = Decision.none
    private var verdict: Verdict?
    private var phase: BootPhase?
    private var partner = Incarnation.none
    private var isReady = false
    /// Why the partner does not serve although it lives; nil when nothing is known against it.
    private var standstill: StaticString?
    /// What the patience is with.
    private var reason: StaticString = "noContact"

    /// - Parameters:
    ///   - patience: how long it waits over silence and a stalled boot.
    ///   - confirmation: how long it waits for a death to be taken back.
    init(_ name: Name, policy: Policy, patience: TimeSpan, confirmation: TimeSpan) {
        self.name = name
        self.policy = policy
        self.patience = patience
        self.confirmation = confirmation
        demand = ClientDemand(ClientInformation(name: name, role: .symmetric, ports: 0, memory: 0))
    }

    func registered(_ services: ClientServices) { services.wake(at: services.now + patience) }

    func notified(_ notice: ClientNotice, _ services: ClientServices) {
        switch notice {
        case .verdict(let new, let incarnation):
            verdict = new
            partner = incarnation
            judge(services)
        case .partnerPhase(let new, let incarnation):
            phase = new
            partner = incarnation
            standstill = new == .panicked ? "panicked" : nil
            if verdict == .alive { bearStandstill(services) }
            giveBack(services)
        case .partnerStalled:
            standstill = "stalled"
            bearStandstill(services)
        case .ready(let incarnation, _, _):
            isReady = true
            partner = incarnation
            giveBack(services)
        case .lost:
            isReady = false
        case .noCounterpart, .refused, .portsFailed, .paused, .resumed:
            break
        }
    }

    private func judge(_ services: ClientServices) {
        switch verdict {
        case .alive:
            bearStandstill(services)
        case .dead where phase != .shuttingDown:
            wait(confirmation, with: "dead", services)
        case .dead, .hung, .rebooted:
            services.wake(at: nil)
            decide(policy == .goAlone ? .takeover : .wait, verdict?.name ?? "none", services)
        case .unreachable, nil:
            wait(patience, with: verdict?.name ?? "noContact", services)
        case .incompatible, .stranger:
            services.wake(at: nil)
            decide(.wait, verdict?.name ?? "none", services)
        }
    }

    /// A partner that lives is waited for as long as it stands still.
    private func bearStandstill(_ services: ClientServices) {
        guard let standstill else { return services.wake(at: nil) }
        wait(patience, with: standstill, services)
    }

    private func wait(_ span: TimeSpan, with reason: StaticString, _ services: ClientServices) {
        self.reason = reason
        services.wake(at: services.now + span)
    }

    func woken(_ services: ClientServices) {
        decide(policy == .goAlone ? .takeover : .wait, reason, services)
    }

    private func giveBack(_ services: ClientServices) {
        guard isReady, phase == .storageOSActive, decision == .takeover || decision == .wait else { return }
        decide(.giveback, "partnerActive", services)
    }

    private func decide(_ new: Decision, _ reason: StaticString, _ services: ClientServices) {
        guard new != decision else { return }
        decision = new
        services.note(
            HistoryRecord(.decision).with("client", name).with("decision", .text(new.name))
                .with("reason", .text(reason)).with("verdict", .text(verdict?.name ?? "none"))
                .with("phase", .text(phase?.name ?? "unknown"))
                .with("partnerIncarnation", .incarnation(partner)))
    }
}
