import Glibc

/// Asks a running partner process for its state.
public enum StatusClient {
    /// The state as one JSON object, as the process at `path` tells it.
    public static func ask(_ path: String) throws(RuntimeError) -> [UInt8] {
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
        var answer: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
                count = max(0, read(connection.number, buffer.baseAddress, buffer.count))
            }
            guard !chunk.isEmpty else { return answer }
            answer += chunk
        }
    }
}
