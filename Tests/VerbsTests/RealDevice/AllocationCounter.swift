import Glibc

/// Counts what a thread allocates, by probes of the kernel at the entries of the C library's allocator.
///
/// Standing before malloc(3) within the program would be simpler, but Swift keeps that name for itself.
/// Needs root and a tracefs.
struct AllocationCounter: ~Copyable {
    private static let folder = "/sys/kernel/tracing"
    private static let entries = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"]

    /// Puts the probes in place, for the current thread.
    init() throws {
        try run("mountpoint -q \(Self.folder) || mount -t tracefs tracefs \(Self.folder)")
        try run("echo > \(Self.folder)/trace; echo > \(Self.folder)/uprobe_events")
        let thread = try Self.currentThread()
        for entry in Self.entries {
            let place = try Self.place(of: entry)
            try run("echo 'p:ccmlab/\(entry) \(place)' >> \(Self.folder)/uprobe_events")
            try run("echo 'common_pid == \(thread)' > \(Self.folder)/events/ccmlab/\(entry)/filter")
        }
    }

    deinit {
        _ = try? run("echo > \(Self.folder)/uprobe_events")
    }

    /// How often the thread entered the allocator while `body` ran.
    func count(_ body: () throws -> Void) throws -> Int {
        try run("echo > \(Self.folder)/trace; echo 1 > \(Self.folder)/events/ccmlab/enable")
        defer { _ = try? run("echo 0 > \(Self.folder)/events/ccmlab/enable") }
        // Nothing between here and the trace but the body: to run a command allocates, and is marked off.
        let marker = open("\(Self.folder)/trace_marker", O_WRONLY)
        defer { close(marker) }
        let (begin, end): (StaticString, StaticString) = ("begin\n", "end\n")
        write(marker, begin.utf8Start, begin.utf8CodeUnitCount)
        let outcome = Result { try body() }
        write(marker, end.utf8Start, end.utf8CodeUnitCount)
        try outcome.get()
        let hits = try run("sed -n '/begin$/,/end$/p' \(Self.folder)/trace | grep -c alloc || true")
        return Int(hits.prefix { $0.isNumber }) ?? -1
    }

    /// The kernel's number of this thread.
    private static func currentThread() throws -> Int {
        var path = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &path, path.count)
        // 1234/task/1235
        let text = String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let number = text.split(separator: "/").last.flatMap({ Int($0) }) else {
            throw Missing("thread number")
        }
        return number
    }

    /// File and offset of a function of the C library, as uprobe_events wants them.
    private static func place(of function: String) throws -> String {
        guard let address = dlsym(nil, function).map({ UInt(bitPattern: $0) }) else {
            throw Missing("function \(function)")
        }
        for line in try run("cat /proc/\(getpid())/maps").split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            let range = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard fields.count == 6, range.count == 2, range[0] <= address, address < range[1],
                let offset = UInt(fields[2], radix: 16)
            else { continue }
            return "\(fields[5]):0x\(String(address - range[0] + offset, radix: 16))"
        }
        throw Missing("mapping of \(function)")
    }
}
