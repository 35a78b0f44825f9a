import ClusterConnection
import Testing

@testable import LabKit

struct ReadLatencyTests {
    @Test func theTypicalLatencyOfARowOf64BytesIsRead() {
        let output = """
             #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]
             64      2000          77.30          801.29       78.71\t       126.78
            """
        #expect(ReadLatency(output: output)?.typical == .nanoseconds(78_710))
    }

    @Test(arguments: ["", "64", "64 1 2 3 nan 5", "64 1 2 3 -4 5", "64 1 2 3 1e300 5", "128 1 2 3 4 5"])
    func whatHoldsNoLatencyIsNone(_ output: String) {
        #expect(ReadLatency(output: output) == nil)
    }
}
