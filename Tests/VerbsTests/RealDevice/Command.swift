import Glibc

/// A command of the system failed that a fixture cannot do without.
struct CommandFailure: Error, CustomStringConvertible {
    let command: String
    let status: Int32
    let output: String

    var description: String { "`\(command)` ended with status \(status): \(output)" }
}

/// Runs a command line of the shell, and returns what it printed, errors included. Throws when it fails.
@discardableResult
func run(_ command: String) throws -> String {
    guard let pipe = popen("PATH=$PATH:/usr/sbin:/sbin; { \(command); } 2>&1", "r") else {
        throw CommandFailure(command: command, status: errno, output: "popen failed")
    }
    var output = ""
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), pipe) != nil {
        output += buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }
    let status = pclose(pipe)
    guard status == 0 else { throw CommandFailure(command: command, status: status, output: output) }
    return output
}
