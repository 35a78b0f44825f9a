import ClusterConnection

@testable import PartnerRuntime

/// A port from one client's memory to another's in this process. What is posted waits until the test carries it out, in
/// its order, and is reported as ports of a device report it.
final class MemoryPorts: ClientPorts {
    private struct Work {
        let kind: FinishedWork.Kind
        let local: Int
        let partner: Int
        let byteCount: Int
        let slot: Int
        let isReported: Bool
    }

    var isReady = false
    let count = 1
    let partnerByteCount: Int
    private let own: ClientServices
    private let partner: ClientServices
    private var ring: WorkRing
    private var pending: [Work] = []

    init(from own: ClientServices, to partner: ClientServices, byteCount: Int) {
        self.own = own
        self.partner = partner
        partnerByteCount = byteCount
        ring = WorkRing(depth: own.demand.workDepth)
    }

    /// How much is under way.
    var underWay: Int { pending.count }

    func send(
        _ message: RawSpan, at index: Int, immediate: UInt32?, token: UInt32, isReported: Bool
    ) throws(PortError) { throw .outOfBounds }

    func write(
        at index: Int, from offset: Int, byteCount: Int, to partnerOffset: Int, immediate: UInt32?,
        token: UInt32, isReported: Bool
    ) throws(PortError) {
        try post(.write, offset, partnerOffset, byteCount, token, isReported || ring.needsReport)
    }

    func read(
        at index: Int, into offset: Int, byteCount: Int, from partnerOffset: Int, token: UInt32
    ) throws(PortError) {
        try post(.read, offset, partnerOffset, byteCount, token, true)
    }

    private func post(
        _ kind: FinishedWork.Kind, _ local: Int, _ there: Int, _ byteCount: Int, _ token: UInt32,
        _ isReported: Bool
    ) throws(PortError) {
        guard isReady else { throw .notReady }
        guard local >= 0, there >= 0, byteCount >= 0, there + byteCount <= partnerByteCount,
            local + byteCount <= own.demand.localMemory
        else { throw .outOfBounds }
        guard let slot = ring.free else { throw .wouldBlock }
        pending.append(
            Work(
                kind: kind, local: local, partner: there, byteCount: byteCount, slot: slot,
                isReported: isReported))
        ring.post(token: token, isWrite: kind == .write, isReported: isReported)
    }

    /// Carries the oldest piece of work out, and tells of its end where that is reported.
    func carryOutNext() {
        guard !pending.isEmpty else { return }
        let work = pending.removeFirst()
        carryOut(work, byteCount: work.byteCount)
        guard work.isReported, let ended = ring.end(work.slot) else { return }
        own.owner.completed(
            FinishedWork(kind: work.kind, port: 0, token: ended.token, outcome: .success), own)
    }

    /// The port ends: so many pieces still arrive, and so many bytes of the next. Nobody is told of any.
    func end(after count: Int, tornAt byteCount: Int) {
        for (index, work) in pending.prefix(count + 1).enumerated() where work.kind == .write {
            carryOut(work, byteCount: index < count ? work.byteCount : min(byteCount, work.byteCount) & ~7)
        }
        pending = []
        isReady = false
    }

    private func carryOut(_ work: Work, byteCount: Int) {
        switch work.kind {
        case .write:
            let words = own.withLocalBytes { Self.words($0, at: work.local, byteCount) }
            partner.withMutableSharedBytes { Self.store(words, &$0, at: work.partner) }
        case .read:
            let words = partner.withSharedBytes { Self.words($0, at: work.partner, byteCount) }
            own.withMutableLocalBytes { Self.store(words, &$0, at: work.local) }
        case .send: break
        }
    }

    private static func words(_ memory: RawSpan, at offset: Int, _ byteCount: Int) -> [UInt64] {
        stride(from: offset, to: offset + byteCount, by: 8).map {
            memory.unsafeLoadUnaligned(fromByteOffset: $0, as: UInt64.self)
        }
    }

    private static func store(_ words: [UInt64], _ memory: inout MutableRawSpan, at offset: Int) {
        for (index, word) in words.enumerated() {
            memory.storeBytes(of: word, toByteOffset: offset + index * 8, as: UInt64.self)
        }
    }
}
