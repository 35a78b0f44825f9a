import CRDMA
import Testing

@testable import Verbs

@Suite("What C reports, in words")
struct VocabularyTests {
    @Test("Every completion status keeps its number and has a text of its own")
    func completionStatus() {
        var texts: Set<String> = []
        for number in IBV_WC_SUCCESS.rawValue...IBV_WC_TM_RNDV_INCOMPLETE.rawValue {
            let status = WorkCompletionStatus(ibv_wc_status(rawValue: number))
            #expect(status.rawValue == number)
            #expect(status != .unknown(number))
            #expect(status.description.hasSuffix("(\(number))"))
            texts.insert(status.description)
        }
        #expect(texts.count == 24)
        #expect(WorkCompletionStatus(ibv_wc_status(rawValue: 99)) == .unknown(99))
        #expect(WorkCompletionStatus.unknown(99).description == "unknown status (99)")
    }

    @Test("The statuses that decide a verdict have the numbers that other tools print")
    func knownNumbers() {
        #expect(WorkCompletionStatus.flushed.rawValue == 5)
        #expect(WorkCompletionStatus.remoteAccess.rawValue == 10)
        #expect(WorkCompletionStatus.retryExceeded.rawValue == 12)
    }

    @Test("Every connection event of librdmacm is known")
    func connectionEvents() {
        var texts: Set<String> = []
        for number in RDMA_CM_EVENT_ADDR_RESOLVED.rawValue...RDMA_CM_EVENT_TIMEWAIT_EXIT.rawValue {
            let kind = ConnectionEventKind(rdma_cm_event_type(rawValue: number))
            #expect(kind != .unknown(number))
            texts.insert(kind.description)
        }
        #expect(texts.count == 16)
        #expect(ConnectionEventKind(rdma_cm_event_type(rawValue: 77)).description == "unknown event 77")
    }

    @Test("A completion is copied field by field")
    func completion() {
        var raw = ibv_wc()
        raw.wr_id = 0x8000_0000_0000_0005
        raw.status = IBV_WC_REM_ACCESS_ERR
        raw.opcode = IBV_WC_RECV
        raw.byte_len = 64
        raw.vendor_err = 3
        raw.qp_num = 17
        let completion = WorkCompletion(raw)
        #expect(completion.workRequest == 0x8000_0000_0000_0005)
        #expect(completion.status == .remoteAccess)
        #expect(completion.operation == .receive)
        #expect(completion.byteCount == 64)
        #expect(completion.vendorError == 3)
        #expect(completion.queuePairNumber == 17)
    }

    @Test("A number that came along is read in network order, of successful receives only")
    func immediates() {
        var raw = ibv_wc()
        raw.status = IBV_WC_SUCCESS
        raw.opcode = IBV_WC_RECV_RDMA_WITH_IMM
        raw.wc_flags = IBV_WC_WITH_IMM.rawValue
        withUnsafeMutableBytes(of: &raw.imm_data) { $0.copyBytes(from: [1, 2, 3, 4]) }
        #expect(WorkCompletion(raw).operation == .receiveOfWrite)
        #expect(WorkCompletion(raw).immediate == 0x0102_0304)
        raw.opcode = IBV_WC_RECV
        #expect(WorkCompletion(raw).operation == .receive)
        #expect(WorkCompletion(raw).immediate == 0x0102_0304)
        raw.wc_flags = 0
        #expect(WorkCompletion(raw).immediate == nil)
        raw.wc_flags = IBV_WC_WITH_IMM.rawValue
        raw.status = IBV_WC_WR_FLUSH_ERR
        #expect(WorkCompletion(raw).immediate == nil)
        raw.status = IBV_WC_SUCCESS
        raw.opcode = IBV_WC_RDMA_WRITE
        #expect(WorkCompletion(raw).operation == .write)
        #expect(WorkCompletion(raw).immediate == nil)
    }

    @Test("A packet size is printed in bytes")
    func packetSizes() {
        #expect(Device.byteCount(of: IBV_MTU_256) == 256)
        #expect(Device.byteCount(of: IBV_MTU_4096) == 4096)
        #expect(Device.byteCount(of: ibv_mtu(rawValue: 0)) == 0)
        #expect(Device.byteCount(of: ibv_mtu(rawValue: 99)) == 0)
    }

    @Test("A port event names its port, a queue pair event its queue pair")
    func deviceEvents() {
        var raw = ibv_async_event()
        raw.event_type = IBV_EVENT_PORT_ERR
        raw.element.port_num = 1
        #expect(DeviceEvent(raw).description == "port error, port 1")
        var queuePair = ibv_qp()
        queuePair.qp_num = 23
        withUnsafeMutablePointer(to: &queuePair) { pointer in
            raw.event_type = IBV_EVENT_QP_FATAL
            raw.element.qp = pointer
            #expect(DeviceEvent(raw).description == "queue pair fatal, queue pair 23")
        }
        raw.event_type = IBV_EVENT_DEVICE_FATAL
        #expect(DeviceEvent(raw) == DeviceEvent(raw))
        #expect(DeviceEvent(raw).description == "device fatal")
    }

    @Test("A mapped IPv4 address is recognised among GIDs")
    func globalIdentifiers() {
        var raw = ibv_gid()
        #expect(GlobalIdentifier(raw).isZero)
        raw.raw.10 = 0xff
        raw.raw.11 = 0xff
        raw.raw.12 = 10
        raw.raw.13 = 77
        raw.raw.15 = 1
        #expect(GlobalIdentifier(raw).isMappedIPv4)
        #expect(GlobalIdentifier(raw).description == "::ffff:10.77.0.1")
        raw.raw.0 = 0xfe
        #expect(!GlobalIdentifier(raw).isMappedIPv4)
    }

    @Test("A batch that was never filled has nothing in it, and traps for who looks all the same")
    func emptyBatch() async {
        #expect(CompletionBatch(capacity: 4).capacity == 4)
        #expect(CompletionBatch().count == 0)
        await #expect(processExitsWith: .failure) {
            let batch = CompletionBatch()
            _ = batch[0]
        }
    }

    @Test("The data path's values stay small and are copied without counting references")
    func layout() {
        #expect(MemoryLayout<WorkCompletion>.size <= 48)
        #expect(_isPOD(WorkCompletion.self))
        #expect(_isPOD(PathToPartner.self))
        #expect(_isPOD(PrivateData.self))
        #expect(_isPOD(HardwareAddress.self))
        #expect(_isPOD(ConnectionParameters.self))
        #expect(MemoryLayout<PrivateData>.size <= 272)
    }
}
