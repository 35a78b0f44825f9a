import ClusterConnection
import Verbs

// The own end of the rail, which may not be there yet at boot, and may go away and come back.

extension Partner {
    /// Opens the rail if it is there, and otherwise says what is missing and waits for it.
    ///
    /// Everything is looked up anew each time: interface, device and GID may be there under another index.
    func openRail() throws(RuntimeError) {
        let rail: Rail
        do throws(VerbsError) {
            rail = try Rail(configuration.rail)
            try rail.publish(manager.block.words)
        } catch {
            guard let part = MissingPart(error, opening: configuration.rail) else {
                throw RuntimeError(error, opening: configuration.rail)
            }
            note(part, error)
            watch?.lookAgain()
            return
        }
        missing = nil
        watch?.rest()
        try poller.add(rail.channel.fileDescriptor, as: .connections)
        try poller.add(rail.completionChannel.fileDescriptor, as: .completions)
        try poller.add(rail.deviceEvents.fileDescriptor, as: .device)
        try poller.add(rail.portChannel.fileDescriptor, as: .ports)
        self.rail = rail
        history.write(.listening, at: MonotonicClock.now) { line in
            line.field("address", text: configuration.rail.address.text)
            line.field("gid", text: rail.identifier.description)
            line.field("port", UInt64(configuration.rail.bootPort))
            line.field("device", text: rail.deviceName)
            line.field("statusBlockAddress", hexadecimal: rail.statusBlock.address)
            line.field("mailboxAddress", hexadecimal: rail.mailbox.address)
        }
        serviceManager.ready("listening at \(configuration.rail.address.text)")
        feed(
            .listening(statusBlockKey: rail.statusBlock.remoteKey, mailboxKey: rail.mailbox.remoteKey))
    }

    /// Writes down what is missing: at once, and again when it is something else once all is quiet. The GID of
    /// an address that just came is only late.
    private func note(_ part: MissingPart, _ error: VerbsError) {
        if let missing, missing == part || watch?.isQuiet == false { return }
        missing = part
        history.write(.waitingForRail, at: MonotonicClock.now) { line in
            line.field("address", text: configuration.rail.address.text)
            line.field("gid", text: configuration.rail.address.gid.description)
            line.field("missing", name: part.name)
            line.field("detail", text: error.description)
        }
        serviceManager.status("waits for the \(part.name) of \(configuration.rail.address.text)")
    }

    /// Looks after the rail when something came, went, or is due.
    func lookAfterRail() throws(RuntimeError) {
        guard let changes = watch?.take(), !changes.isEmpty, !isFinished else { return }
        if rail == nil {
            try openRail()
        } else if changes.contains(.vanished) {
            checkRail()
        }
    }

    /// Whether the own address and its device are still there: asked in the way in which they were found. The
    /// kernel announces that an address goes a little before it is gone, so a failure asks again.
    func checkRail() {
        guard let rail, railFault == nil else { return }
        do throws(VerbsError) {
            try rail.probe()
        } catch {
            switch MissingPart(error, opening: configuration.rail) {
            case .address, .interface: railFault = .addressGone(error.description)
            case .rdma, .device, .gid: railFault = .deviceGone(error.description)
            // Whatever it is, the rail may well be there; its own reads will tell.
            case nil: break
            }
        }
    }

    /// Tears the rail down, and waits for it to come back.
    func loseRail(_ fault: RailFault) {
        railFault = nil
        guard let lost = rail else { return }
        history.write(.railLost, at: MonotonicClock.now) { line in
            line.field("address", text: configuration.rail.address.text)
            line.field("reason", name: fault.name)
            line.field("detail", text: fault.detail)
        }
        // The connections first: their endpoints are the rail's.
        feed(.railLost)
        dropRequest()
        for descriptor in [
            lost.channel.fileDescriptor, lost.completionChannel.fileDescriptor,
            lost.deviceEvents.fileDescriptor, lost.portChannel.fileDescriptor,
        ] {
            poller.remove(descriptor)
        }
        mailboxSeen = InlineArray(repeating: 0)
        rail = nil
        watch?.lookAgain()
    }
}
