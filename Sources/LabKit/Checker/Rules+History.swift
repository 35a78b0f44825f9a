import ClusterConnection

extension Timeline {
    /// Rule `history-bounded`: what each partner writes in the run, where the scenario says how much that may be.
    func overlongHistories() -> [Broken] {
        guard let most = record.variant.scenario.bounds.historyBytes else { return [] }
        return PartnerID.allCases.compactMap { partner in
            let lines = (lives[partner] ?? []).flatMap(\.events)
            let bytes = lines.reduce(0) { $0 + $1.line.utf8.count + 1 }
            guard bytes > most else { return nil }
            return Broken(
                .historyBounded,
                "\(partner.rawValue) wrote \(bytes) bytes of history in \(lines.count) lines; \(most) are allowed",
                evidence: Array(lines.suffix(3)))
        }
    }
}
