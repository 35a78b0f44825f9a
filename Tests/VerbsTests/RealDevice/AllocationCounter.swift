import Glibc

/// Counts what a thread allocates, by probes of the kernel at the entries of the C library's allocator.
///
/// Standing before malloc(3) within the program would be simpler, but Swift keeps that name for itself.
/// Needs root and a tracefs.
struct AllocationCounter: ~Copyable {
    private static let tracing = "/sys/kernel/tracing"
    /// A trace of our own, so that nobody else's is touched.
    private static let trace = "\(tracing)/instances/ccmlab"
    private static let entries = ["malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"]

    /// Puts the probes in place, for the current thread.
    init() throws {
        try run("mountpoint -q \(Self.tracing) || mount -t tracefs tracefs \(Self.tracing)")
        let thread = try Self.currentThread()
        for entry in Self.entries {
            try run("echo 'p:ccmlab/\(entry) \(Self.place(of: entry))' >> \(Self.tracing)/uprobe_events")
        }
        try run("mkdir \(Self.trace)")
        for entry in Self.entries {
            try run("echo 'common_pid == \(thread)' > \(Self.trace)/events/ccmlab/\(entry)/filter")
        }
    }

    deinit {
        _ = try? run("rmdir \(Self.trace)")
        for entry in Self.entries {
            _ = try? run("echo '-:ccmlab/\(entry)' >> \(Self.tracing)/uprobe_events")
        }
    }

    /// How often the thread entered the allocator while `body` ran.
    func count(_ body: () throws -> Void) throws -> Int {
        try run("echo > \(Self.trace)/trace; echo 1 > \(Self.trace)/events/ccmlab/enable")
        defer { _ = try? run("echo 0 > \(Self.trace)/events/ccmlab/enable") }
        // Nothing between the two marks but the body: to run a command allocates too.
        let marks = open("\(Self.trace)/trace_marker", O_WRONLY | O_CLOEXEC)
        defer { close(marks) }
        let (begin, end): (StaticString, StaticString) = ("begin\n", "end\n")
        write(marks, begin.utf8Start, begin.utf8CodeUnitCount)
        let outcome = Result { try body() }
        write(marks, end.utf8Start, end.utf8CodeUnitCount)
        try outcome.get()
        let lines = try run("sed -n '/begin$/,/end$/p' \(Self.trace)/trace").split(separator: "\n")
        // More than the trace holds would have pushed the first mark out.
        guard lines.first?.hasSuffix("begin") == true, lines.last?.hasSuffix("end") == true else {
            throw Missing("marks in the trace")
        }
        return lines.count - 2
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
