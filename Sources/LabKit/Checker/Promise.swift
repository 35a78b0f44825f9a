import ClusterConnection

/// The bounds within which something must happen, as the settings of a partner promise them.
///
/// Virtual time knows no busy host, so the bounds are taken as they are. In real time a process may have to wait
/// for a processor, and on an emulated one for long: everything gets more time there.
struct Promise {
    let bounds: Bounds
    let isRealTime: Bool
    /// A tick of the kernel's clock.
    var tick = Promise.usualTick
    /// What a packet takes on the slowest rail, each way.
    var railDelay = TimeSpan.zero

    /// That of a kernel with 250 ticks a second.
    static let usualTick = TimeSpan.milliseconds(4)
    /// That of User-Mode Linux, which has 100.
    static let tickOfUML = TimeSpan.milliseconds(10)

    /// From a packet to its answer.
    private var roundTrip: TimeSpan { railDelay * 2 }

    /// For the scheduling of processes.
    var slack: TimeSpan { isRealTime ? bounds.realTimeSlack : bounds.slack }
    private var hostSlack: TimeSpan { isRealTime ? bounds.realTimeSlack : .zero }

    /// A dead process: its kernel closes the connection.
    var dead: TimeSpan { bounds.dead + hostSlack }

    /// Both partners listening, running and joined by the rail: established on both sides.
    var connect: TimeSpan { bounds.connect + hostSlack }

    /// Both sides established and the clients registered: ready on both sides. The side with less patience gives
    /// the connection up first, but it may have been the last to be established.
    func ready(_ one: PartnerSettings, _ other: PartnerSettings) -> TimeSpan {
        max(one.exchangeTimeout, other.exchangeTimeout) + hostSlack
    }

    /// A process that stands still: one interval until the last movement has been read, the miss limit
    /// without one, what a read takes, and the scheduling of both processes.
    func hung(_ settings: PartnerSettings) -> TimeSpan {
        settings.heartbeatInterval * (settings.missLimit + 1) + roundTrip + slack
    }

    /// Silence: one interval until the next read is posted, and the transport's retries. The timer of one
    /// try is 4.096 us times two to the power of the acknowledge timeout; Soft-RoCE rounds each to ticks of the
    /// kernel's clock, for which two a try are allowed, and what an answer takes on the rail.
    func unreachable(_ settings: PartnerSettings) -> TimeSpan {
        let timer = TimeSpan(nanoseconds: 4_096 << min(settings.ackTimeout, 31))
        let tries = (timer + tick * 2 + roundTrip) * (settings.retryCount + 1)
        return tries + settings.heartbeatInterval + slack
    }
}

/// Something that happened to a partner or to the rail, which the other must find.
struct Loss {
    enum Kind {
        case ended, frozen, cut
        /// Cut in a way that lets one side hear the other: one way, or by an interface that goes down.
        case lopsided
        case railless
        /// Nothing that has to be found, but what it leads to is no false alarm.
        case degraded, starved
    }

    var kind: Kind
    /// The partner it happened to, seen from the one that must find it.
    var partner: PartnerID
    /// Consequences may show from here.
    var began: Instant
    /// The bound counts from here.
    var effect: Instant
    /// When it was over; nil when it lasted.
    var over: Instant?
    var event: HistoryEvent
}

extension Timeline {
    /// Everything that happened to `partner` or to its rail, in order of time.
    func losses(of partner: PartnerID) -> [Loss] {
        var losses: [Loss] = []
        for life in lives[partner] ?? [] {
            guard let ended = life.ended, let began = life.endBegan else { continue }
            let effect = life.wasEndedByLab ? began : ended.time
            losses.append(Loss(kind: .ended, partner: partner, began: began, effect: effect, event: ended))
        }
        for stretch in frozen[partner] ?? [] {
            losses.append(
                Loss(
                    kind: .frozen, partner: partner, began: stretch.from, effect: stretch.event.time,
                    over: stretch.to, event: stretch.event))
        }
        for stretch in railless[partner] ?? [] {
            losses.append(
                Loss(
                    kind: .railless, partner: partner, began: stretch.from, effect: stretch.event.time,
                    over: stretch.to, event: stretch.event))
        }
        for stretch in degraded {
            losses.append(
                Loss(
                    kind: .degraded, partner: partner, began: stretch.from, effect: stretch.event.time,
                    over: stretch.to, event: stretch.event))
        }
        for stretch in starved[partner] ?? [] {
            losses.append(
                Loss(
                    kind: .starved, partner: partner, began: stretch.from, effect: stretch.event.time,
                    over: stretch.to, event: stretch.event))
        }
        for stretch in cuts {
            losses.append(
                Loss(
                    kind: stretch.event.partner == nil ? .cut : .lopsided, partner: partner,
                    began: stretch.from, effect: stretch.event.time,
                    over: stretch.to,
                    event: stretch.event))
        }
        return losses.sorted { $0.began < $1.began }
    }
}
