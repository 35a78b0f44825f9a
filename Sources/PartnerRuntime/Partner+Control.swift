import ClusterConnection

// What a person or a service asks of the process at its control socket.

extension Partner {
    /// Hears everyone who asks, and answers.
    func answerControl() {
        control?.admit { (number) throws(RuntimeError) in try poller.add(number, as: .control) }
        while let question = control?.nextQuestion() {
            switch question.request {
            case .status: control?.answer(question, describeState)
            case .announce(let phase): answer(question, announcing: phase)
            case nil: control?.answer(question) { $0.field("refused", text: Self.unknownRequest) }
            }
        }
    }

    private static let unknownRequest =
        "no request of this version of ccmd: is the program that asks another one?"

    private func answer(_ question: ControlSocket.Question, announcing phase: BootPhase) {
        let refusal = refusal(toAnnounce: phase)
        if refusal == nil { feed(.bootPhase(phase)) }
        control?.answer(question) { line in
            if let refusal {
                line.field("refused", text: refusal)
            } else {
                line.field("announced", name: phase.name)
            }
        }
    }

    /// Why a phase cannot be announced now. One that is announced a second time is as good: a service that is started
    /// again says again what it said.
    private func refusal(toAnnounce phase: BootPhase) -> String? {
        guard configuration.boot.moment(of: phase) == .announced else {
            return "\(phase.name) comes by timer here; for the next start, "
                + "say “announced” for boot.\(phase.name) in the configuration"
        }
        if manager.phase > phase || manager.phase == .shuttingDown {
            return "this partner is in phase \(manager.phase.name) already, and no phase is taken back; "
                + "a node that boots again starts ccmd again"
        }
        if manager.phase < .ccmStarting {
            return "the connection manager is not initialised yet (boot.ccmStarting); announce it again later"
        }
        return nil
    }

    private func describeState(in line: inout JSONLine) {
        line.field("partner", text: configuration.partner)
        line.field("incarnation", sixteenDigits: manager.incarnation.value)
        line.field("role", name: manager.settings.role.name)
        line.field("phase", name: manager.phase.name)
        line.field("verdict", name: manager.verdict?.name ?? "none")
        line.field("verdictForNs", (MonotonicClock.now - manager.verdictSince).nanoseconds)
        line.field("partnerIncarnation", sixteenDigits: manager.partnerIncarnation.value)
        line.field("partnerPhase", name: manager.partnerPhase?.name ?? "unknown")
        line.field("protocolVersion", UInt64(manager.agreedVersion ?? 0))
        line.field("isReady", manager.isReady)
        line.field("rails", list: ends) { line, end in describe(end, in: &line) }
        line.field("upNs", (MonotonicClock.now - started).nanoseconds)
        line.field("clients", list: manager.clientStandings) { line, client in
            line.field("name", text: client.information.name.text)
            line.field("number", UInt64(client.client.value))
            line.field("state", text: client.state)
            line.field("ports", UInt64(client.ports))
            line.field("portsRequired", UInt64(client.information.ports))
            line.field("memory", client.memory)
            line.field("memoryRequested", client.information.memory)
        }
        describeBeats(in: &line)
        ProcessFacts.describe(in: &line)
        manager.counters.describe(in: &line)
    }

    /// The states of a rail, each kept apart: its link, the RDMA device and the boot port on it, the connection, and
    /// whether it carries the clients' ports.
    private func describe(_ end: RailEnd, in line: inout JSONLine) {
        let state = manager[end.id]
        line.field("address", text: end.configuration.address.text)
        line.field("gid", text: end.configuration.address.gid.description)
        line.field("partnerAddress", text: end.configuration.partnerAddress.text)
        line.field("partnerGid", text: end.configuration.partnerAddress.gid.description)
        line.field("port", UInt64(end.configuration.bootPort))
        line.field("device", text: end.rail?.deviceName ?? "none")
        line.field("physicalLink", name: end.rail?.physicalLink ?? "unknown")
        if let missing = end.missing { line.field("waitingFor", name: missing.name) }
        line.field("link", name: state.link.name)
        line.field("carriesPorts", manager.carriesExchange(end.id))
        line.field("faults", state.faults)
        if let fault = state.lastFault { line.field("lastFault", name: fault) }
    }
}
