import CRDMA
import Glibc
import Testing

@testable import Verbs

@Suite("Connection parameters")
struct ConnectionParametersTests {
    @Test("The defaults are accepted")
    func defaults() {
        #expect(throws: Never.self) {
            try ConnectionParameters().check(
                for: "rdma_connect", capacity: ConnectionParameters.requestCapacity)
        }
    }

    @Test("A retry count that means for ever, or none, is refused", arguments: [0, 7, 8, 255] as [UInt8])
    func retryCount(count: UInt8) {
        let error = #expect(throws: VerbsError.self) {
            try ConnectionParameters(retryCount: count).check(for: "rdma_connect", capacity: 56)
        }
        #expect(error?.errno == EINVAL)
        #expect(error?.description.contains("expected 1 to 6") == true)
        #expect(error?.description.contains("never noticed") == (count == 7))
    }

    @Test("Each retry count that ends is accepted", arguments: 1...6 as ClosedRange<UInt8>)
    func retryCountAccepted(count: UInt8) {
        #expect(throws: Never.self) {
            try ConnectionParameters(retryCount: count).check(for: "rdma_connect", capacity: 56)
        }
    }

    @Test("A receiver-not-ready retry count that means for ever is refused")
    func receiverNotReadyRetryCount() {
        let error = #expect(throws: VerbsError.self) {
            try ConnectionParameters(receiverNotReadyRetryCount: 7).check(for: "rdma_accept", capacity: 196)
        }
        #expect(error?.errno == EINVAL)
        #expect(error?.description.contains("for ever") == true)
    }

    @Test("Private data up to the limit is accepted, and refused beyond", arguments: [56, 148, 196])
    func privateDataLimit(capacity: Int) throws {
        let longest = ConnectionParameters(privateData: try data(capacity))
        #expect(throws: Never.self) { try longest.check(for: "rdma_connect", capacity: capacity) }
        let longer = ConnectionParameters(privateData: try data(capacity + 1))
        let error = #expect(throws: VerbsError.self) {
            try longer.check(for: "rdma_connect", capacity: capacity)
        }
        #expect(error?.errno == EMSGSIZE)
        #expect(error?.detail == "\(capacity + 1) bytes of private data, at most \(capacity)")
    }

    @Test("C gets every field where it belongs")
    func mirrored() throws {
        let parameters = ConnectionParameters(
            privateData: try data(3), responderResources: 2, initiatorDepth: 3, retryCount: 5,
            receiverNotReadyRetryCount: 1)
        parameters.withConnectionParameters { pointer in
            #expect(pointer.pointee.responder_resources == 2)
            #expect(pointer.pointee.initiator_depth == 3)
            #expect(pointer.pointee.retry_count == 5)
            #expect(pointer.pointee.rnr_retry_count == 1)
            #expect(pointer.pointee.private_data_len == 3)
            #expect(
                Array(UnsafeRawBufferPointer(start: pointer.pointee.private_data, count: 3)) == [1, 2, 3])
        }
    }

    @Test("No private data is a null pointer")
    func noPrivateData() {
        ConnectionParameters().withConnectionParameters { pointer in
            #expect(pointer.pointee.private_data == nil)
            #expect(pointer.pointee.private_data_len == 0)
        }
    }

    private func data(_ count: Int) throws -> PrivateData {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
        return try PrivateData(bytes.span.bytes)
    }
}
