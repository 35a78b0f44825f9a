/// What `ccmlab perf record` counts: the scenarios of Lab/perf, and the figures that come of each.
enum PerfPlan {
    /// A stretch of a partner's life, between two events of its history.
    struct Stretch {
        var figure: String
        var scenario: String
        /// Which of the partner's processes: `a1`.
        var process: String
        /// Nil for the start of the process.
        var from: String?
        var to: String
        /// Whether `to` comes once for each client.
        var isForEachClient = false
        /// Which time that it comes: once for all clients counts as one.
        var time = 1
        /// The part of the program in C that does the same.
        var floor: PerfFloor.Stretch?
    }

    /// Both partners of a scenario.
    private static func both(
        _ figure: String, in scenario: String, from: String?, to: String, isForEachClient: Bool = false,
        time: Int = 1,
        floor: PerfFloor.Stretch? = nil
    ) -> [Stretch] {
        ["a", "b"].map {
            Stretch(
                figure: "\(figure).\($0)", scenario: scenario, process: "\($0)1", from: from, to: to,
                isForEachClient: isForEachClient, time: time, floor: floor)
        }
    }

    /// Stretches that the two sides' messages cannot divide otherwise: which of two that cross on the rail comes first may
    /// change with a microsecond, and what comes of one is then counted before or after the other.
    static let stretches: [Stretch] =
        both("start", in: "lose-and-reconnect", from: nil, to: "listening", floor: .start)
        + [
            Stretch(
                figure: "connect.a", scenario: "lose-and-reconnect", process: "a1", from: "connectStarted",
                to: "connected", floor: .connect),
            Stretch(
                figure: "connect.b", scenario: "lose-and-reconnect", process: "b1", from: "requestReceived",
                to: "connected", floor: .accept),
        ]
        + both("handshake", in: "lose-and-reconnect", from: "connected", to: "established", floor: .handshake)
        + both(
            "ready", in: "lose-and-reconnect", from: "established", to: "clientReady", isForEachClient: true)
        + both("ready-32-ports", in: "ports-32", from: "established", to: "clientReady")
        + both("ready-1000-ports", in: "ports-1000", from: "established", to: "clientReady")
        + both("loss", in: "lose-and-reconnect", from: "retired", to: "clientLost", isForEachClient: true)
        + both(
            "ready-again", in: "lose-and-reconnect", from: "connected", to: "clientReady",
            isForEachClient: true,
            time: 2)
        + [
            Stretch(
                figure: "dead.a", scenario: "partner-dies", process: "a1", from: "retired", to: "clientLost",
                isForEachClient: true)
        ]
        + both(
            "failover", in: "rail-failover", from: "clientPaused", to: "clientResumed", isForEachClient: true)

    /// Runs of the same pair that differ in how long it beats.
    static let shorterBeats = "beats-1s"
    static let longerBeats = "beats-5s"
    /// So many heartbeats more has the longer one: four seconds of one each 10 ms.
    static let moreBeats = 400.0

    /// The module of the connection manager, which knows neither verbs nor clocks.
    static let manager = "ClusterConnection"

    /// What takes from the heap.
    static let allocators: Set<String> = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"]
    static let waits: Set<String> = ["epoll_wait"]

    /// All scenarios that are run, by their files' names without the ending.
    static var scenarios: [String] {
        Set(stretches.map(\.scenario) + [shorterBeats, longerBeats]).sorted()
    }
}
