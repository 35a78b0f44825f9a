import ClusterConnection

extension Ordeal {
    /// The smallest ordeal found that still fails: steps are left out one by one, everything else is made plain, and
    /// spans are rounded, as long as it goes on failing.
    ///
    /// - Parameter fails: whether an ordeal fails in the way that matters.
    public func shrunk(while fails: (Ordeal) -> Bool) -> Ordeal {
        var smallest = self
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in smallest.lesser where candidate != smallest && fails(candidate) {
                smallest = candidate
                isSmaller = true
                break
            }
        }
        return smallest
    }

    /// What is a little less than this, the greatest steps first.
    private var lesser: [Ordeal] {
        var all: [Ordeal] = []
        func add(_ change: (inout Ordeal) -> Void) {
            var ordeal = self
            change(&ordeal)
            all.append(ordeal)
        }
        for place in steps.indices {
            add { ordeal in
                let span = ordeal.steps.remove(at: place).after
                // What comes after it comes when it did.
                if place < ordeal.steps.count { ordeal.steps[place].after = ordeal.steps[place].after + span }
            }
        }
        add { $0.clients = 0 }
        add { $0.rails = 1 }
        add { $0.versions = [.supported, .supported] }
        add { $0.latency = 5_000...40_000 }
        add { $0.tearing = 400 }
        for node in boots.indices { add { $0.boots[node] = .zero } }
        for place in steps.indices {
            add { $0.steps[place].act = $0.steps[place].act.plain }
            for unit in [100_000_000, 10_000_000, 1_000_000] as [UInt64] {
                add {
                    let span = $0.steps[place].after.nanoseconds
                    // Up to a whole number of the unit.
                    $0.steps[place].after = .nanoseconds((span + unit - 1) / unit * unit)
                }
            }
        }
        // A step that was rounded already would be tried for ever.
        return all.filter { $0.weight < weight }
    }

    /// Less is simpler.
    private var weight: UInt64 {
        var weight = UInt64(steps.count) * 1_000
        weight += UInt64(clients) * 100 + UInt64(rails) * 100
        weight += versions.contains { $0 != .supported } ? 50 : 0
        weight += latency == 5_000...40_000 ? 0 : 20
        weight += tearing == 400 ? 0 : 20
        weight += UInt64(boots.count { $0 != .zero }) * 10
        for step in steps {
            weight += step.act.isPlain ? 0 : 8
            let span = step.after.nanoseconds
            weight +=
                span == 0
                ? 0 : span % 100_000_000 == 0 ? 1 : span % 10_000_000 == 0 ? 2 : span % 1_000_000 == 0 ? 3 : 4
        }
        return weight
    }
}

extension Ordeal.Act {
    /// The same with nothing special about it.
    fileprivate var plain: Ordeal.Act {
        switch self {
        case .cut: .cut(nil, from: nil)
        case .heal: .heal(nil)
        case .kill, .powerOff, .boot, .stop, .freeze, .pause, .thaw: self
        }
    }

    fileprivate var isPlain: Bool { plain == self }
}
