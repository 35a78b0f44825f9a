import ClusterConnection
import Testing

@testable import LabKit

/// What perftest 4.5 and the cmtime of rdma-core 44 printed on the lab's own rail.
struct RailToolOutputTests {
    // MARK: perftest

    @Test func theTypicalLatencyOfARowOf64BytesIsRead() {
        let output = """
             #bytes #iterations    t_min[usec]    t_max[usec]  t_typical[usec]    t_avg[usec]
             64      2000          77.30          801.29       78.71\t       126.78
            """
        #expect(PerftestOutput.typicalLatency(of: 64, in: output) == .nanoseconds(78_710))
        #expect(PerftestOutput.typicalLatency(of: 128, in: output) == nil)
    }

    @Test func theAverageThroughputIsReadAndNotThePeak() {
        let output = """
            ---------------------------------------------------------------------------------------
                                RDMA_Write BW Test
             Dual-port       : OFF\t\tDevice         : rxe-a0
             TX depth        : 16
             Mtu             : 4096[B]
            ---------------------------------------------------------------------------------------
             local address: LID 0000 QPN 0x03fa PSN 0x815e6a
             GID: 00:00:00:00:00:00:00:00:00:00:255:255:10:77:00:01
            ---------------------------------------------------------------------------------------
             #bytes     #iterations    BW peak[MB/sec]    BW average[MB/sec]   MsgRate[Mpps]
             65536      200              106.86             45.69  \t\t   0.000731
            ---------------------------------------------------------------------------------------
            """
        #expect(PerftestOutput.averageThroughput(of: 65_536, in: output) == 45.69 * 1_048_576)
    }

    @Test(
        arguments: [
            "", "64", "#bytes t_typical[usec]", "64 1 2 3 4 5",
            "#bytes t_typical[usec]\n64 nan", "#bytes t_typical[usec]\n64 -4",
            "#bytes t_typical[usec]\n64 1e300", "#bytes t_typical[usec]\n128 4", "#bytes t_typical[usec]\n64",
        ])
    func whatHoldsNoFigureHasNone(_ output: String) {
        #expect(PerftestOutput.typicalLatency(of: 64, in: output) == nil)
    }

    // MARK: cmtime

    private static let cmtime = """
        creating id
        resolving address
        resolving route
        creating qp
        connecting
        disconnecting
        destroying id
        step              total ms     max ms     min us  us / conn
        create id    :       13.78       0.78       9.00      13.78
        resolve addr :     2007.10    2007.09      44.00    2007.10
        resolve route:       21.25       5.54     122.00      21.25
        create qp    :      110.98       0.67      92.00     110.98
        connect      :      558.90     467.66     865.00     558.90
        disconnect   :      406.49      62.30     291.00     406.49
        destroy      :       13.27       0.19      11.00      13.27

        """

    @Test func aConnectionTakesAllStepsUpToConnectAndNoneBehindIt() {
        #expect(CMTimeOutput.spanOfConnection(in: Self.cmtime) == .nanoseconds(2_712_010))
    }

    @Test(arguments: [
        "", "connect", "connect :", "connect      :  1 2 3 nan", "connect      :  1 2 3 -4",
        "create id    : 1 2 3 x\nconnect      :  1 2 3 4", "create id    :  1 2 3 4", "connect : 0 0 0 0",
    ])
    func whatHoldsNoConnectionTellsNone(_ output: String) {
        #expect(CMTimeOutput.spanOfConnection(in: output) == nil)
    }
}
