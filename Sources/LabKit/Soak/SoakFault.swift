/// What a soak does to the pair, drawn at random: a fault that begins, and the step that ends it.
enum SoakFault: String, CaseIterable, Sendable {
    /// A partner is killed and boots again.
    case kill
    /// A partner stands still and goes on.
    case freeze
    /// The rail loses every packet, and is whole again.
    case cut
    /// One rail of several loses every packet, and is whole again.
    case cutRail
    /// A partner loses power: cut, killed, its RDMA device made anew; then it boots.
    case powerOff
}

extension SoakFault {
    /// The step that it begins with.
    var action: String { self == .cutRail ? StepAction.cut.rawValue : rawValue }
}
