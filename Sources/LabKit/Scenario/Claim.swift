/// A claim on the product that the checker can follow in the events of a run, for each partner.
package enum Claim: String, CaseIterable, Sendable {
    case c1a = "C1a"
    case c1b = "C1b"
    case c1c = "C1c"
    case c1d = "C1d"
    case c1e = "C1e"
    case c2 = "C2"
    case c15 = "C15"
    case c16 = "C16"
    case c17 = "C17"
    case c18 = "C18"
    case c19 = "C19"
    case c20 = "C20"
    case c21 = "C21"

    /// What must be true, in one sentence.
    package var sentence: String {
        switch self {
        case .c1a: "the CCM is initialised in the boot process, before the partner's storage OS is active"
        case .c1b: "the first RDMA read starts before the partner's storage OS is active"
        case .c1c: "a first RDMA write follows the successful first read"
        case .c1d: "a second RDMA read follows the successful first write"
        case .c1e: "a second RDMA write follows the second read, before the partner's storage OS is active"
        case .c2: "the first read asks for the preset address of the partner's status variable"
        case .c15: "the first read and the first write go to the predefined hardware address and port"
        case .c16: "the second read goes to the same address and port as the first operations"
        case .c17:
            "the predefined hardware address is a Fibre Channel identifier, mapped to a GID by the rule"
        case .c18: "the port is a virtual interface: one reliable connection carries all four operations"
        case .c19: "the first read brings the booting status that the partner stores at the preset address"
        case .c20: "both CCMs connect reliably before either storage OS is active"
        case .c21: "the connection is established while neither storage OS is active"
        }
    }
}
