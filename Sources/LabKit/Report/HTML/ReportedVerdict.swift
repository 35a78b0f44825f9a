/// What `verdict.json` of a run says.
struct ReportedVerdict {
    enum Result: Hashable {
        case held
        case broke
        case brokeAsExpected(String)
        case notRun(String)
        /// There is no verdict that could be read; why.
        case unknown(String)

        /// As a table shows it.
        var word: String {
            switch self {
            case .held: "held"
            case .broke: "BROKE"
            case .brokeAsExpected: "broke as expected"
            case .notRun: "not run"
            case .unknown: "no verdict"
            }
        }

        /// A sign for it that needs no colour.
        var sign: String {
            switch self {
            case .held: "✓"
            case .broke: "✗"
            case .brokeAsExpected: "≈"
            case .notRun: "–"
            case .unknown: "?"
            }
        }

        /// The class of its style.
        var style: String {
            switch self {
            case .held, .brokeAsExpected: "held"
            case .broke: "broke"
            case .notRun, .unknown: "notrun"
            }
        }

        /// Whether it is what the scenario wants of a run.
        var isWanted: Bool {
            switch self {
            case .held, .brokeAsExpected: true
            case .broke, .notRun, .unknown: false
            }
        }

        /// How many ranks there are.
        static let ranks = 5

        /// The worst comes first.
        var rank: Int {
            switch self {
            case .broke: 0
            case .unknown: 1
            case .notRun: 2
            case .brokeAsExpected: 3
            case .held: 4
            }
        }
    }

    /// A case in which a rule did not hold.
    struct Break {
        var rule: String
        var sentence: String
        var explanation: String
        var events: [HistoryEvent]
    }

    /// How a claim stands with one partner.
    struct Claim {
        var claim: String
        var sentence: String
        var partner: String
        var standing: String
    }

    var scenario = ""
    var variant = ""
    var repetition = 1
    /// What all chance in the run came from; nil where nobody decided that.
    var seed: UInt64?
    var result: Result
    var breaks: [Break] = []
    var claims: [Claim] = []
    /// What a partner was not judged by, because its program does not tell of it.
    var unjudged: [(partner: String, rule: String)] = []

    /// Reads the verdict of a folder. A folder without one has a history all the same.
    init(in folder: String) {
        let path = "\(folder)/verdict.json"
        guard Files.exists(path) else {
            self.init(.unknown("verdict.json is missing: the run was not judged, or was interrupted"))
            return
        }
        guard let bytes = Files.bytes(of: path, limit: 64 << 20) else {
            self.init(.unknown("verdict.json cannot be read"))
            return
        }
        do throws(JSONProblem) {
            guard case .object(let object) = try JSONReader.value(of: bytes[...]) else {
                self.init(.unknown("verdict.json is damaged: not a JSON object"))
                return
            }
            self.init(object)
        } catch {
            self.init(.unknown("verdict.json is damaged: \(error)"))
        }
    }

    private init(_ result: Result) { self.result = result }

    private init(_ object: JSONObject) {
        scenario = object["scenario"]?.string ?? ""
        variant = object["variant"]?.string ?? ""
        repetition = object["repetition"]?.unsignedInteger.flatMap { Int(exactly: $0) } ?? 1
        seed = object["seed"]?.unsignedInteger
        switch object["result"]?.string {
        case "held": result = .held
        case "broke": result = .broke
        case "broke as expected": result = .brokeAsExpected(object["reason"]?.string ?? "no reason was left")
        case "not run": result = .notRun(object["reason"]?.string ?? "no reason was left")
        default:
            result = .unknown(
                "verdict.json is damaged: “result” must be held, broke, broke as expected or not run")
        }
        breaks = Self.objects(object["broken"]).map { broken in
            Break(
                rule: broken["rule"]?.string ?? "", sentence: broken["sentence"]?.string ?? "",
                explanation: broken["explanation"]?.string ?? "",
                events: Self.objects(broken["events"]).compactMap { try? HistoryEvent(json: .object($0)) })
        }
        unjudged = Self.objects(object["notJudged"]).map {
            ($0["partner"]?.string ?? "", $0["rule"]?.string ?? "")
        }
        claims = Self.objects(object["claims"]).map { claim in
            let standing = claim["standing"]?.string ?? ""
            return Claim(
                claim: claim["claim"]?.string ?? "", sentence: claim["sentence"]?.string ?? "",
                partner: claim["partner"]?.string ?? "",
                standing: claim["why"]?.string.map { "\(standing): \($0)" } ?? standing)
        }
    }

    private static func objects(_ value: JSONValue?) -> [JSONObject] {
        guard case .array(let values)? = value else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
