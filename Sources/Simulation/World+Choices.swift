import ClusterConnection

// What may happen next, when nothing is known of how long anything takes: for whoever tries all orders.

/// Something that may happen next.
enum Choice: Hashable, Sendable {
    /// Whatever lies at this place of the agenda.
    case happening(Int)
    /// The timer of a node that comes due next.
    case timer(NodeNumber)
    /// A fault.
    case act(Ordeal.Act)
}

extension World {
    /// What is under way and may arrive next: of each queue pair's the first only, because what is posted to one takes
    /// place in its order.
    var deliverable: [Int] {
        var heads: [(channel: UInt64, place: Int)] = []
        for place in agenda.entries.indices {
            guard let channel = agenda.entries[place].what.channel else { continue }
            if let known = heads.firstIndex(where: { $0.channel == channel }) {
                if agenda.entries[place].isBefore(agenda.entries[heads[known].place]) {
                    heads[known].place = place
                }
            } else {
                heads.append((channel, place))
            }
        }
        return heads.map(\.place).filter { !isWaitingForTheFrozen(agenda.entries[$0].what) }
    }

    private func isWaitingForTheFrozen(_ what: Happening) -> Bool {
        switch what {
        case .portsMade(let life, _, _), .portsConnected(let life, _, _): lives[life].isFrozen
        default: false
        }
    }

    /// Takes out of what is under way whatever can have no effect any more, so that states differ only by what matters.
    mutating func forgetTheDead() {
        var place = agenda.entries.count - 1
        while place >= 0 {
            if isWithoutEffect(agenda.entries[place].what) { _ = agenda.take(at: place) }
            place -= 1
        }
    }

    private func isWithoutEffect(_ what: Happening) -> Bool {
        func isClosed(_ wire: WireNumber, _ side: Side) -> Bool { !(wires[wire][side]?.isOpen ?? false) }
        switch what {
        case .answer(let wire, _), .unresolved(let wire): return isClosed(wire, .initiator)
        case .transportUp(let wire): return isClosed(wire, .acceptor)
        case .ended(let wire, let side), .reached(let wire, let side, _, _, _), .retry(let wire, let side, _),
            .sent(let wire, let side):
            return isClosed(wire, side)
        case .reach(let wire, let side, _), .message(let wire, let side, _):
            return isClosed(wire, side) && isClosed(wire, side.other)
        case .portsMade(let life, let connection, _), .portsConnected(let life, let connection, _):
            return lives[life].endpoints.place(of: connection) == nil
        case .boot(let life, _), .client(let life, _), .thaw(let life), .strike(let life, _):
            return lives[life].endedAt != nil
        case .powerOn, .vanished, .buried, .request, .portWork, .portWorkEnded: return false
        }
    }

    /// What waits for its time, such as what will be tried again.
    var earliestTimed: Int? {
        var earliest: Int?
        for place in agenda.entries.indices where agenda.entries[place].what.channel == nil {
            if let known = earliest, !agenda.entries[place].isBefore(agenda.entries[known]) { continue }
            earliest = place
        }
        return earliest
    }

    /// The node whose timer comes due next.
    var earliestTimer: (node: NodeNumber, at: Instant)? {
        var earliest: (NodeNumber, Instant)?
        for node in 0..<2 {
            guard let number = current[node], !lives[number].isFrozen, lives[number].timers.next != .max
            else {
                continue
            }
            let at = Instant(nanoseconds: lives[number].timers.next)
            if earliest.map({ at < $0.1 }) ?? true { earliest = (node, at) }
        }
        return earliest
    }

    /// What comes next by its time alone: a timer, or another try; nil when there is none of these.
    var nextByTime: Choice? {
        let timer = earliestTimer
        guard let place = earliestTimed, timer.map({ agenda.entries[place].at <= $0.at }) ?? true else {
            return timer.map { .timer($0.node) }
        }
        return .happening(place)
    }

    /// Whether what lies at this place is a moment of somebody's boot: nobody waits for it, and it comes when it comes.
    func isOfBoot(_ place: Int) -> Bool {
        switch agenda.entries[place].what {
        case .boot, .client: true
        default: false
        }
    }

    /// A choice in words.
    func name(of choice: Choice) -> String {
        switch choice {
        case .happening(let place): name(of: agenda.entries[place].what)
        case .timer(let node): timerName(of: node)
        case .act(let act): act.description
        }
    }

    private func timerName(of node: NodeNumber) -> String {
        guard let number = current[node], let first = lives[number].timers.armed.first else { return "timer" }
        return "\(TimerName.allCases[first.place % TimerName.allCases.count]) of \(node)"
    }

    /// Has one of the choices happen.
    mutating func take(_ choice: Choice) {
        switch choice {
        case .happening(let place):
            let entry = agenda.take(at: place)
            now = max(now, entry.at)
            happen(entry.what)
        case .timer(let node):
            guard let number = current[node] else { return }
            if deliverable.contains(where: { !isOfBoot($0) }) { isUntroubled = false }
            now = max(now, Instant(nanoseconds: lives[number].timers.next))
            if let (name, rail) = lives[number].timers.takeDue(at: now) {
                feed(.timer(name, rail), to: number)
            }
        case .act(let act):
            Ordeal.perform(act, in: &self)
        }
        forgetTheDead()
    }

    private func name(of what: Happening) -> String {
        switch what {
        case .powerOn(let node, _): "power on \(node)"
        case .strike(let life, let act): "\(act) of \(lives[life].node)"
        case .thaw(let life): "thaw \(lives[life].node)"
        case .boot(let life, let moment): "\(moment) of \(lives[life].node)"
        case .request(let wire): "request \(wire) arrives"
        case .unresolved(let wire): "way of \(wire) is not found"
        case .answer(let wire, .accepted): "acceptance of \(wire) arrives"
        case .answer(let wire, .refused): "refusal of \(wire) arrives"
        case .answer(let wire, .failed(let failure)): "\(wire) fails: \(failure.name)"
        case .transportUp(let wire): "transport of \(wire) comes up"
        case .ended(let wire, let side): "end of \(wire) arrives at its \(side)"
        case .vanished(let life): "memory of \(lives[life].node) is gone"
        case .buried(let life): "end of \(lives[life].node) is told"
        case .reach(let wire, let side, let operation):
            "\(operation.operation.name) of \(wire)'s \(side) reaches memory"
        case .reached(let wire, let side, let operation, _, _):
            "\(operation.operation.name) of \(wire)'s \(side) completes"
        case .retry(let wire, let side, let operation):
            "\(operation.operation.name) of \(wire)'s \(side) is tried again"
        case .message(let wire, let side, let letter): "message \(letter.number) of \(wire)'s \(side) arrives"
        case .sent(let wire, let side): "message of \(wire)'s \(side) is acknowledged"
        case .portsMade(let life, _, _): "ports of \(lives[life].node) are made"
        case .portsConnected(let life, _, _): "ports of \(lives[life].node) are connected"
        case .client(let life, let moment): "client of \(lives[life].node): \(moment)"
        case .portWork: "a client's work arrives"
        case .portWorkEnded: "a client's work ends"
        }
    }
}

extension Happening {
    /// The queue in which it is under way; nil for what waits for its time.
    var channel: UInt64? {
        func channel(_ kind: UInt64, _ number: Int, _ side: Side? = nil) -> UInt64 {
            kind << 48 | UInt64(number) << 8 | UInt64(side?.rawValue ?? 2)
        }
        switch self {
        case .request(let wire): return channel(1, wire)
        case .answer(let wire, _): return channel(2, wire, .initiator)
        case .transportUp(let wire): return channel(2, wire, .acceptor)
        case .ended(let wire, let side): return channel(2, wire, side)
        case .reach(let wire, let side, _): return channel(7, wire, side.other)
        case .reached(let wire, let side, _, _, _): return channel(8, wire, side)
        case .message(let wire, let side, _): return channel(7, wire, side.other)
        case .sent(let wire, let side): return channel(8, wire, side)
        case .portsMade(let life, _, _), .portsConnected(let life, _, _): return channel(4, life)
        case .portWork(let work): return channel(5, work.life)
        case .portWorkEnded(let work, _): return channel(6, work.life)
        case .boot(let life, _): return channel(9, life)
        case .client(let life, .register), .client(let life, .withdraw): return channel(10, life)
        case .powerOn, .strike, .thaw, .retry, .client, .unresolved, .vanished, .buried: return nil
        }
    }
}
