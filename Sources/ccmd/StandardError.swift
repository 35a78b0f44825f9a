import Glibc

/// Where a person is told what went wrong.
enum StandardError {
    static func write(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }
}
