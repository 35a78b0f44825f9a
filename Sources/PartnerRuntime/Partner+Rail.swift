import ClusterConnection
import Verbs

// The own end of the rail, which may not be there yet at boot, and may go away and come back.

extension Partner {
    /// Opens the rail if it is there, and otherwise says what is missing and waits for it.
    ///
    /// Everything is looked up anew each time: interface, device and GID may be there under another index.
    func open(_ end: RailEnd) throws(RuntimeError) {
        let configuration = end.configuration
        let rail: Rail
        do throws(VerbsError) {
            rail = try Rail(configuration, as: end.id)
            try rail.publish(manager[end.id].block.words)
        } catch {
            guard let part = MissingPart(error, opening: configuration) else {
                throw RuntimeError(error, opening: configuration)
            }
            note(part, error, at: end)
            watch?.lookAgain()
            return
        }
        end.missing = nil
        end.rail = rail
        if ends.allSatisfy({ $0.rail != nil }) { watch?.rest() }
        try poller.add(rail.channel.fileDescriptor, as: .connections(of: end.id))
        try poller.add(rail.completionChannel.fileDescriptor, as: .completions(of: end.id))
        try poller.add(rail.deviceEvents.fileDescriptor, as: .device(of: end.id))
        try poller.add(rail.portChannel.fileDescriptor, as: .ports(of: end.id))
        history.write(.listening, at: MonotonicClock.now) { line in
            line.field("address", text: configuration.address.text)
            line.field("gid", text: rail.identifier.description)
            line.field("port", UInt64(configuration.bootPort))
            line.field("device", text: rail.deviceName)
            line.field("statusBlockAddress", hexadecimal: rail.statusBlock.address)
            line.field("mailboxAddress", hexadecimal: rail.mailbox.address)
            line.field("rail", UInt64(end.id.index))
        }
        serviceManager.ready("listening at \(configuration.address.text)")
        feed(
            .listening(
                end.id, statusBlockKey: rail.statusBlock.remoteKey, mailboxKey: rail.mailbox.remoteKey))
    }

    /// Writes down what is missing: at once, and again when it is something else once all is quiet. The GID of
    /// an address that just came is only late.
    private func note(_ part: MissingPart, _ error: VerbsError, at end: RailEnd) {
        if let missing = end.missing, missing == part || watch?.isQuiet == false { return }
        end.missing = part
        let configuration = end.configuration
        history.write(.waitingForRail, at: MonotonicClock.now) { line in
            line.field("address", text: configuration.address.text)
            line.field("gid", text: configuration.address.gid.description)
            line.field("missing", name: part.name)
            line.field("detail", text: error.description)
            line.field("rail", UInt64(end.id.index))
        }
        serviceManager.status("waits for the \(part.name) of \(configuration.address.text)")
    }

    /// Looks after the rails when something came, went, or is due.
    func lookAfterRails() throws(RuntimeError) {
        guard let changes = watch?.take(), !changes.isEmpty, !isFinished else { return }
        for end in ends {
            if end.rail == nil {
                try open(end)
            } else if changes.contains(.vanished) {
                check(end)
            }
        }
    }

    /// Whether the own address and its device are still there: asked in the way in which they were found. The
    /// kernel announces that an address goes a little before it is gone, so a failure asks again.
    func check(_ end: RailEnd) {
        guard let rail = end.rail, end.fault == nil else { return }
        do throws(VerbsError) {
            try rail.probe()
        } catch {
            switch MissingPart(error, opening: end.configuration) {
            case .address, .interface: end.fault = .addressGone(error.description)
            case .rdma, .device, .gid: end.fault = .deviceGone(error.description)
            // Whatever it is, the rail may well be there; its own reads will tell.
            case nil: break
            }
        }
    }

    /// Tears the rail down, and waits for it to come back.
    func lose(_ end: RailEnd, _ fault: RailFault) {
        end.fault = nil
        guard let lost = end.rail else { return }
        history.write(.railLost, at: MonotonicClock.now) { line in
            line.field("address", text: end.configuration.address.text)
            line.field("reason", name: fault.name)
            line.field("detail", text: fault.detail)
            line.field("rail", UInt64(end.id.index))
        }
        // The connections first: their endpoints are the rail's.
        feed(.railLost(end.id))
        dropRequest()
        for descriptor in [
            lost.channel.fileDescriptor, lost.completionChannel.fileDescriptor,
            lost.deviceEvents.fileDescriptor, lost.portChannel.fileDescriptor,
        ] {
            poller.remove(descriptor)
        }
        end.mailboxSeen = InlineArray(repeating: 0)
        end.rail = nil
        watch?.lookAgain()
    }
}
