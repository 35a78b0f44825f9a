/// What a client is told. Every notice about the partner names the life of the partner that it is about.
public enum ClientNotice: Hashable, Sendable {
    /// The connection exists, and the partner has no counterpart; ready follows if one comes.
    case noCounterpart(Incarnation)
    /// The CCM does not serve this client: it asks for `requested` where `allowed` is the most.
    case refused(ClientLimit, requested: UInt64, allowed: UInt64)
    /// The ports or the memory could not be made here; the client waits for the next connection.
    case portsFailed(Incarnation)
    /// Both sides' ports can receive (claim C3): the partner is ready. The agreed ports and memory.
    case ready(Incarnation, ports: UInt32, memory: UInt64)
    /// After a ready, once: ports and keys are gone, nothing of them reaches memory any more.
    case lost(Incarnation, Loss)
    /// The rail under the ports is lost, and the partner lives: ports and keys are gone, as after a loss, and come back
    /// on another rail. `resumed` follows, or `lost` if nothing comes of it.
    case paused(Incarnation)
    /// After a pause: there are ports again, on another rail, and no work of before is under way on them. Whatever was
    /// not completed before the pause may or may not have reached the partner.
    case resumed(Incarnation, ports: UInt32, memory: UInt64)
    /// What is held of the partner changed; or what is held of it already, to a client that registers.
    case verdict(Verdict?, Incarnation)
    /// The partner's boot came this far, or had come this far when the client registered.
    case partnerPhase(BootPhase, Incarnation)
    /// The partner's boot has stood still in this phase past its deadline. No verdict.
    case partnerStalled(BootPhase, Incarnation)

    /// How a ready ended.
    public struct Loss: Hashable, Sendable {
        /// What is held of the partner now; nil where nothing speaks for or against it.
        public var verdict: Verdict?
        /// Why, in the words of the history.
        public var reason: Reason
        /// The last phase of the partner's boot that was read.
        public var phase: BootPhase?

        /// A loss with this verdict.
        public init(verdict: Verdict?, reason: Reason, phase: BootPhase?) {
            self.verdict = verdict
            self.reason = reason
            self.phase = phase
        }
    }

    /// What ended a ready.
    public enum Reason: Hashable, Sendable {
        /// The connection with the partner.
        case connection
        /// The counterpart: it withdrew, the partner's CCM lives.
        case counterpartWithdrew
        /// The client itself withdrew.
        case withdrew

        /// The name in event lines.
        public var name: StaticString {
            switch self {
            case .connection: "connection"
            case .counterpartWithdrew: "counterpartWithdrew"
            case .withdrew: "withdrew"
            }
        }
    }
}

extension ClientNotice {
    /// Whether there are ports from now on.
    public var bringsPorts: Bool {
        switch self {
        case .ready, .resumed: true
        case .noCounterpart, .refused, .portsFailed, .lost, .paused, .verdict, .partnerPhase, .partnerStalled:
            false
        }
    }
}
