import Glibc

/// Asks a running partner process.
public enum ControlClient {
    /// What the process at `path` answers: one JSON object.
    ///
    /// - Parameter seconds: how long a process that stands still is waited for.
    public static func ask(_ request: ControlRequest, at path: String, seconds: Int = 3) throws(RuntimeError)
        -> [UInt8]
    {
        guard let connection = UnixSocket.connect(to: path) else {
            let number = errno
            let advice =
                switch number {
                case ENOENT: "no partner process was started with this control path"
                case ECONNREFUSED: "the process that made it is gone; start ccmd again"
                default: "check the path and your rights"
                }
            throw RuntimeError(call: "connect", subject: "control \(path)", errno: number, advice: advice)
        }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(
            connection.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let line = Array(request.line.utf8)
        guard send(connection.number, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else {
            throw RuntimeError(
                call: "send", subject: "control \(path)", errno: errno,
                advice: "the process there ended just now, or is no ccmd")
        }
        var answer: [UInt8] = []
        while true {
            var received = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
                received = read(connection.number, buffer.baseAddress, buffer.count)
                count = max(0, received)
            }
            guard received >= 0 else {
                throw RuntimeError(
                    call: "read", subject: "control \(path)", errno: errno,
                    advice:
                        "the process is there and does not answer within \(seconds) s: it stands still (see its"
                        + " state in “ps”), or its node is overloaded")
            }
            guard received > 0 else { return answer }
            answer += chunk
        }
    }
}
