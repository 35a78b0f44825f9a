import CRDMA
import Glibc
import Testing

@testable import Verbs

@Suite("Private data")
struct PrivateDataTests {
    @Test("Bytes come back as they went in", arguments: [0, 1, 56, 196, 255])
    func roundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let data = try PrivateData(bytes.span.bytes)
        #expect(data.count == count)
        #expect(data.array == bytes)
    }

    @Test("More than an event can carry is refused")
    func tooLong() {
        let bytes = [UInt8](repeating: 0, count: 256)
        let error = #expect(throws: VerbsError.self) { try PrivateData(bytes.span.bytes) }
        #expect(error?.errno == EMSGSIZE)
        #expect(error?.detail == "256 bytes of private data, at most 255")
    }

    @Test("What an event carries is copied, and no null pointer followed")
    func fromEvent() {
        var parameters = rdma_conn_param()
        parameters.private_data_len = 200
        #expect(PrivateData(parameters).count == 0)
        let bytes = [UInt8](repeating: 9, count: 255)
        bytes.withUnsafeBytes { source in
            parameters.private_data = source.baseAddress
            parameters.private_data_len = 255
            #expect(PrivateData(parameters).array == bytes)
        }
    }
}

extension PrivateData {
    /// The bytes, for comparing.
    var array: [UInt8] {
        withBytes { span in span.withUnsafeBytes { Array($0) } }
    }
}
