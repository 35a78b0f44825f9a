/// A claim on the product that the checker can follow in the events of a run, for each partner.
package enum Claim: String, CaseIterable, Sendable {
    case c1a = "C1a"
    case c1b = "C1b"
    case c1c = "C1c"
    case c1d = "C1d"
    case c1e = "C1e"
    case c2 = "C2"
    case c3 = "C3"
    case c4 = "C4"
    case c5 = "C5"
    case c6 = "C6"
    case c7 = "C7"
    case c8 = "C8"
    case c9 = "C9"
    case c15 = "C15"
    case c16 = "C16"
    case c17 = "C17"
    case c18 = "C18"
    case c19 = "C19"
    case c20 = "C20"
    case c21 = "C21"
    case c22 = "C22"
    case c23 = "C23"
    case c24 = "C24"
    case c25 = "C25"
    case c26 = "C26"
    case c27 = "C27"
    case c28 = "C28"
    case c29 = "C29"
    case c30 = "C30"
    case c31 = "C31"
    case c32 = "C32"

    /// What must be true, in one sentence.
    package var sentence: String {
        switch self {
        case .c1a: "the CCM is initialised in the boot process, before the partner's storage OS is active"
        case .c1b: "the first RDMA read starts before the partner's storage OS is active"
        case .c1c: "a first RDMA write follows the successful first read"
        case .c1d: "a second RDMA read follows the successful first write"
        case .c1e: "a second RDMA write follows the second read, before the partner's storage OS is active"
        case .c2: "the first read asks for the preset address of the partner's status variable"
        case .c3:
            "peer information, client information, ports and ready are exchanged, then the clients are alerted"
        case .c4: "the peer information holds version numbers, and the highest common one is used"
        case .c5: "client information is collected from the clients, and the collected set is transferred"
        case .c6: "the client information holds the number of ports that the clients require"
        case .c7: "the client information holds the amount of memory that the clients request"
        case .c8: "the partner is a storage system"
        case .c9: "the partner is an application server"
        case .c15: "the first read and the first write go to the predefined hardware address and port"
        case .c16: "the second read goes to the same address and port as the first operations"
        case .c17:
            "the predefined hardware address is a Fibre Channel identifier, mapped to a GID by the rule"
        case .c18, .c22, .c25, .c29:
            "the port is a virtual interface: one reliable connection carries all four operations"
        case .c19: "the first read brings the booting status that the partner stores at the preset address"
        case .c20: "both CCMs connect the clients of both sides reliably before either storage OS is active"
        case .c21: "the connection is established while neither storage OS is active"
        case .c23, .c26, .c30: "a peer process is a client that requests services of the CCM, and is served"
        case .c24, .c27: "a process communicates with the partner over the established connection"
        case .c28, .c31:
            "a connection that the partner began in its boot process is accepted, and the partner is read over it"
        case .c32: "what is read of the partner includes its heartbeat"
        }
    }
}
