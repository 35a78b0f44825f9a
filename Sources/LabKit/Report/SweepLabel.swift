/// How the runs of a sweep are told apart: `skew=-5ms`, several with spaces between them.
enum SweepLabel {
    /// The values that a label names, in its order.
    static func values(of label: String) -> [(name: String, value: String)] {
        label.split(separator: " ").map { piece in
            let parts = piece.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        }
    }
}
