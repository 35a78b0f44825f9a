import Addressing
import ClusterConnection

/// The scenario language as a JSON Schema (draft 2020-12), for editors that complete and check while a person writes.
///
/// The words come from the enumerations that the parser reads by. What depends on more than one field (a step that boots what
/// runs, an id that nobody has) is the parser's to find: `ccmlab check`.
package enum ScenarioSchema {
    /// The schema's text, as `Lab/scenario.schema.json` holds it.
    package static var text: String { JSONText.pretty(document) }

    private typealias Field = (name: String, value: JSONValue)

    private static var document: JSONValue {
        guard case .object(let top) = mapping(topFields, required: ["name", "summary"]) else { return .null }
        let head: [Field] = [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("A scenario of ccm-lab")),
            (
                "description",
                .string("Two partners, their boots, what happens to them, and what must come of it.")
            ),
        ]
        return .object(
            JSONObject(head + top.fields.map { ($0.name, $0.value) } + [("$defs", object(definitions))]))
    }

    // MARK: The fields of a scenario

    private static var topFields: [Field] {
        [
            ("name", reference("name", "What the scenario is called; the file has the same name.")),
            ("summary", text("A sentence that says what the scenario shows.")),
            (
                "claims",
                list(
                    choice(Claim.allCases.map(\.rawValue)),
                    "The claims that the run has to show, such as C1a.")
            ),
            ("tags", list(reference("name"), "What the scenario is chosen by: ccmlab run --tag.")),
            ("rails", rails),
            (
                "addressing",
                choice(
                    RailAddress.Kind.allCases.map(\.rawValue),
                    "By what the rails' ends are known. Without it: ipv4.")
            ),
            ("settings", reference("settings", "What is changed in the configuration of both partners.")),
            ("partners", mapping(partnerFields, "When each partner boots, and what is special about it.")),
            (
                "steps",
                list(
                    stepOrCycles,
                    "What happens, in this order.")
            ),
            (
                "sweep",
                mapping(
                    [
                        ("skew", list(reference("signedSpan"), "How much later than a partner b boots.")),
                        (
                            "failAfter",
                            list(
                                choice(Failpoint.Moment.allCases.map(\.rawValue)),
                                "The moment of every killAfter and freezeAfter.")
                        ),
                        ("failDelay", list(reference("span"), "How much later than that moment.")),
                        ("settings", sweptSettings),
                    ], "The scenario is run once for each combination of values.")
            ),
            ("expect", list(reference("expectation"), "What must happen, or must not.")),
            (
                "expectedToBreak",
                mapping(
                    [
                        (
                            "rules",
                            list(
                                choice(
                                    Rule.allCases.filter { $0 != .breaksAsExpected }.map(\.rawValue)),
                                "The rules that break; no other may.")
                        ),
                        ("reason", text("Why they break.")),
                    ], "What is known to break: a run in which it holds has failed.",
                    required: ["rules", "reason"])
            ),
            ("until", reference("until", "When the run is over. Without it: when all is settled.")),
            ("settle", span("How long the pair must stay as it is before the run ends. Without it: 300ms.")),
            ("deadline", span("How long the run may take. Without it: 20s.")),
            (
                "bounds",
                mapping(
                    [
                        ("connect", span("From both listening to connected. Without it: 1s.")),
                        ("dead", span("From the death of a process to the verdict. Without it: 20ms.")),
                        (
                            "found",
                            span(
                                "From a loss to the verdict of a partner with a command. Without it: as the settings promise."
                            )
                        ),
                        (
                            "slack",
                            span(
                                "For scheduling, in virtual time: added to what the settings promise for hung and unreachable, and to found. Without it: 5ms."
                            )
                        ),
                        (
                            "realTimeSlack",
                            span(
                                "In real time in the place of slack, and added to the other bounds, too. Without it: 500ms."
                            )
                        ),
                        ("historyBytes", number(1, 1 << 40, "How much each partner may write.")),
                    ], "The times within which things must happen, and what may be written.")
            ),
            (
                "load",
                mapping(
                    [("busyLoops", number(1, 64, "Endless loops beside the partners."))],
                    "What takes processor time beside the partners.", required: ["busyLoops"])
            ),
            ("capture", choice(["packets", "none"], "What the run keeps. Without it: packets.")),
            (
                "unsupported",
                mapping(
                    FabricKind.allCases.map {
                        ($0.rawValue, text("Why it cannot be run on \($0.rawValue).", pattern: #"\S"#))
                    }, "The fabrics that the scenario cannot be run on, and why.")
            ),
        ]
    }

    /// A number, or a list with a mapping for each: what is said of one form does not bind the other.
    private static var rails: JSONValue {
        let most = JSONValue.unsigned(UInt64(RailID.limit))
        let fields: [Field] = [
            (
                "delay",
                span("What each packet takes, each way: whole microseconds. Without it: as on the fabric.")
            ),
            (
                "rate",
                text(
                    "Bits a second that each direction carries, such as 10Gbit. Without it: as on the fabric.",
                    pattern: ratePattern)
            ),
        ]
        return described(
            "How many rails the pair has, or a list with a mapping for each. Without it: 1.",
            [
                ("type", .array([.string("integer"), .string("array")])),
                ("minimum", .unsigned(1)), ("maximum", most),
                ("minItems", .unsigned(1)), ("maxItems", most), ("items", mapping(fields)),
            ])
    }

    private static let ratePattern = "^[0-9]+(k|M|G)bit$"

    private static var partnerFields: [Field] {
        PartnerID.allCases.map { ($0.rawValue, reference("partnerPlan")) }
    }

    private static var planFields: [Field] {
        [
            (
                "bootAt",
                object([
                    (
                        "description",
                        .string(
                            "When its power comes on, or “never” when only a step boots it. Without it: 0s.")
                    ),
                    ("anyOf", .array([reference("span"), object([("const", .string("never"))])])),
                ])
            ),
            (
                "command",
                list(
                    text("A word."),
                    "The program that it is instead of ccmd, and its arguments; docs/partner-contract.md.")
            ),
            ("needs", list(text("A word."), "The programs and files that its program starts or reads.")),
            ("settings", reference("ownSettings", "What is changed in its configuration.")),
            ("boot", reference("boot")),
            ("lab", mapping(failpointFields([.kill]), "What its first boot does to itself.")),
        ]
    }

    private static func failpointFields(_ acts: [Failpoint.Act]) -> [Field] {
        Failpoint.Act.allCases.map { act in
            let whose = acts.contains(act) ? "" : " Only in a step that boots the partner."
            let what = act == .kill ? "kills itself" : "stands still, until a step thaws it"
            return (
                "\(act.rawValue)After",
                choice(Failpoint.Moment.allCases.map(\.rawValue), "The moment at which it \(what).\(whose)")
            )
        } + [("failDelay", span("How much later than that moment."))]
    }

    // MARK: Steps, moments, expectations

    /// One thing or the other, by what it has: of either, an editor can say what is wrong with it.
    private static var stepOrCycles: JSONValue {
        object([
            ("if", object([("required", .array([.string("cycles")]))])), ("then", reference("cycles")),
            ("else", reference("step")),
        ])
    }

    private static var stepFields: [Field] {
        let takers = StepAction.allCases.filter(\.takesRail).map(\.rawValue).joined(separator: ", ")
        return [
            ("do", choice(StepAction.allCases.map(\.rawValue), "What the lab does.")),
            (
                "partner",
                choice(
                    PartnerID.allCases.map(\.rawValue),
                    "Whom it is done to; of cut and degrade: whose packets.")
            ),
            (
                "rail",
                number(0, UInt64(RailID.limit - 1), "The rail it is done to (\(takers)). Without it: all.")
            ),
            (
                "id",
                reference(
                    "name", "What other moments call the step. Without it: by what it does, such as kill-b.")
            ),
            (
                "at",
                described(
                    "When, from the run's start; or many instants, in a run of its own each.",
                    [either(reference("span"), orMapping: reference("instants"))])
            ),
            (
                "after",
                reference("moment", "When, from another moment. Without at and after: after the step before.")
            ),
            ("delay", span("How much later than that.")),
            ("together", flag("Whether it begins with the step before, in place of at and after.")),
        ] + failpointFields(Failpoint.Act.allCases) + [
            ("packets", mapping(packetFields, "How packets fare on a degraded rail.")),
            ("quota", span("What a starved partner gets of each period, from 1ms.")),
            ("period", span("The period, from 1ms to 1s. Without it: 100ms.")),
            ("room", number(0, Step.mostRoom, "How many bytes of memory a squeezed partner may still take.")),
            (
                "by",
                reference("signedSpan", "How far stepClock sets the wall clock, such as 60min or -1440min.")
            ),
            (
                "times",
                number(1, 1_000, "How often the step is done and undone, such as linkDown and linkUp.")
            ),
            ("interval", span("How long each of these lasts.")),
        ]
    }

    private static var packetFields: [Field] {
        let share = { (what: String) in Self.text(what, pattern: #"^[0-9]+(\.[0-9]+)?%$"#) }
        return [
            ("loss", share("The share that is lost, such as 5%.")),
            ("delay", span("How late packets are, from 10us to 10s.")),
            ("jitter", span("How much more or less than that.")),
            ("reorder", share("The share that is not delayed, and overtakes others. Needs delay.")),
            ("duplicate", share("The share that comes twice.")),
            ("corrupt", share("The share that has a wrong bit.")),
            (
                "rate",
                Self.text("How much passes in a second, such as 10Mbit.", pattern: ratePattern)
            ),
        ]
    }

    private static var patternFields: [Field] {
        [
            ("partner", choice(PartnerID.allCases.map(\.rawValue), "Whose event. Without it: either's.")),
            ("event", choice(EventName.allCases.map(\.rawValue), "The event's name.")),
            (
                "where",
                object([
                    (
                        "description",
                        .string(
                            "What fields of the event must hold: a value, several as in “dead or rebooted”, or “>= 250ms”."
                        )
                    ),
                    ("type", .string("object")),
                    (
                        "additionalProperties",
                        object([("type", .array(["string", "number", "boolean"].map { .string($0) }))])
                    ),
                ])
            ),
        ]
    }

    private static var momentFields: [Field] {
        [("step", reference("stepID", "The id of an earlier step."))] + patternFields + [
            ("count", number(1, 100_000, "How often the event has to be seen. Without it: once.")),
            ("since", reference("moment", "From when on events are counted.")),
        ]
    }

    private static var instantFields: [Field] {
        func bound(_ what: String) -> JSONValue {
            described(what, [either(reference("span"), orMapping: reference("moment"))])
        }
        return [
            ("from", bound("The first instant: a moment, or a time from the run's start.")),
            ("to", bound("The last instant, likewise.")),
            ("every", span("How far the instants are apart, such as 2us.")),
            ("lead", span("So long before “from” they begin.")),
        ]
    }

    /// One form or, where it is a mapping, the other: of either, an editor can say what is wrong with it.
    private static func either(_ form: JSONValue, orMapping mapping: JSONValue) -> Field {
        (
            "allOf",
            .array([
                object([
                    ("if", object([("type", .string("object"))])), ("then", mapping), ("else", form),
                ])
            ])
        )
    }

    private static var expectationFields: [Field] {
        patternFields + [
            ("never", reference("pattern", "What must not happen.")),
            ("anyOf", list(reference("pattern"), "One of these must happen.")),
            ("exactly", number(1, 1_000_000, "How often it must happen. Without a count: at least once.")),
            ("atLeast", number(1, 1_000_000, "How often it must happen at least.")),
            ("atMost", number(1, 1_000_000, "How often it may happen.")),
            ("before", reference("moment", "Until when.")),
            ("within", span("How soon.")),
            ("of", reference("moment", "From when on. Without it: from the run's start.")),
        ]
    }

    private static var cycleFields: [Field] {
        [
            ("cycles", number(1, 1_000, "How often the steps are done, one time after the other.")),
            ("steps", list(reference("step"), "The steps; step kill-b of the third time is kill-b@3.")),
            ("expect", list(reference("expectation"), "What must happen, or must not, each time.")),
        ]
    }

    // MARK: Settings

    private static func settingFields(isOwn: Bool) -> [Field] {
        let identity = number(1, UInt64(Int64.max), "A node identity.")
        let own: [Field] = isOwn ? [("node", identity), ("partnerNode", identity)] : []
        return own + [
            ("role", choice(Role.allCases.map(\.word), "What the partner is.")),
            (
                "cluster",
                text(
                    "The cluster's identity, a UUID.",
                    pattern: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
            ),
            ("rail", mapping(railFields(isOwn: isOwn), "The first rail.")),
            ("boot", reference("boot")),
            (
                "heartbeat",
                mapping([
                    ("interval", span("Between two reads of the partner's counter.")),
                    ("missLimit", number(2, 10_000, "How many reads without movement make it hung.")),
                ])
            ),
            (
                "connect",
                mapping(
                    [
                        "attemptTimeout", "backoffStart", "backoffCap", "slowRetry", "handshakeTimeout",
                        "exchangeTimeout",
                    ].map { ($0, reference("span")) })
            ),
            (
                "transport",
                mapping([
                    ("ackTimeout", number(8, 22, "Each try waits 4.096 us times two to this power.")),
                    ("retryCount", number(1, 6, "How often the transport tries again.")),
                ])
            ),
            (
                "protocol",
                mapping([
                    ("lowest", version("The lowest version spoken.")),
                    ("highest", version("The highest version spoken.")),
                    ("offers", list(reference("word"), "Capabilities offered.")),
                    (
                        "requires",
                        list(reference("word"), "Capabilities without which there is no connection.")
                    ),
                ])
            ),
            (
                "progress",
                mapping([
                    ("listening", span("After which a boot that only listens is told as stalled.")),
                    ("loading", span("After which a boot that only loads is told as stalled.")),
                ])
            ),
            (
                "limits",
                mapping([
                    ("clients", number(0, 64, "Clients in all.")),
                    ("portsOfOne", number(0, UInt64(ClientLimits.mostPorts), "Ports of one client.")),
                    ("ports", number(0, UInt64(ClientLimits.mostPorts), "Ports of all clients.")),
                    ("memory", number(0, 1 << 40, "Bytes of memory of all clients.")),
                ])
            ),
            ("clients", list(reference("client"), "The clients that the partner runs.")),
        ]
    }

    private static func version(_ what: String) -> JSONValue {
        number(UInt64(VersionRange.supported.lowest), UInt64(VersionRange.supported.highest), what)
    }

    private static func railFields(isOwn: Bool) -> [Field] {
        let own: [Field] =
            isOwn
            ? [("address", text("Its hardware address.")), ("partnerAddress", text("Its partner's."))] : []
        return own + [("bootPort", number(1, 65_535, "The port that both listen on."))]
    }

    private static var bootFields: [Field] {
        [
            ("ccmStarting", span("When the CCM starts, from power-on.")),
            ("storageOSLoading", span("When the storage OS begins to load.")),
            ("storageOSActive", span("When it is active.")),
        ]
    }

    private static var clientFields: [Field] {
        [
            (
                "kind",
                choice(
                    ClientSettings.Kind.allCases.map(\.rawValue), "Which of the clients that come with ccmd.")
            ),
            ("name", reference("word", "What it is called. Without it: by its kind.")),
            ("ports", number(0, 1_024, "Ports required.")),
            ("memory", number(0, 1 << 30, "Bytes of memory requested.")),
            ("registerAt", span("When it registers, from the start of its process.")),
            ("withdrawAt", span("When it withdraws.")),
            ("interval", span("The pace of requests or records; 0ms for as fast as it goes.")),
            ("recordBytes", number(64, 65_536, "The size of a log mirror's records, a multiple of 8.")),
            (
                "policy",
                choice(
                    ClientSettings.Policy.allCases.map(\.rawValue),
                    "What a failover monitor does about silence.")
            ),
            ("patience", span("How long it waits before that.")),
        ]
    }

    /// Every setting that is one value, by its path.
    private static var sweptSettings: JSONValue {
        mapping(
            leaves(of: settingFields(isOwn: false), below: ""),
            "A setting of both partners by its path, and its values.")
    }

    private static func leaves(of fields: [Field], below path: String) -> [Field] {
        fields.flatMap { field -> [Field] in
            guard case .object(let schema) = field.value, schema["type"]?.string != "array" else { return [] }
            if schema["$ref"]?.string == "#/$defs/boot" {
                return leaves(of: bootFields, below: "\(path)\(field.name).")
            }
            guard case .object(let properties)? = schema["properties"] else {
                return [("\(path)\(field.name)", list(field.value))]
            }
            return leaves(
                of: properties.fields.map { ($0.name, $0.value) }, below: "\(path)\(field.name).")
        }
    }

    // MARK: What is referred to

    private static var definitions: [Field] {
        let units = "(ns|us|ms|s|min)$"
        return [
            ("span", text("A duration such as 500us, 10ms or 2s.", pattern: "^[0-9]+" + units)),
            ("signedSpan", text("A duration, negative with a minus sign.", pattern: "^-?[0-9]+" + units)),
            ("name", text("Lower-case letters, digits and hyphens.", pattern: "^[a-z0-9][a-z0-9-]{0,39}$")),
            (
                "stepID",
                text(
                    "A step's name; of one in a group, from outside, with the time that is meant: boot-b@3.",
                    pattern: "^[a-z0-9][a-z0-9-]{0,39}(@[0-9]+)?$")
            ),
            ("word", text("A name on the wire.", pattern: "^[A-Za-z0-9._-]{1,\(Name.capacity)}$")),
            ("partnerPlan", mapping(planFields)),
            ("boot", mapping(bootFields, "When the phases of its boot begin, from power-on.")),
            ("settings", mapping(settingFields(isOwn: false))),
            ("ownSettings", mapping(settingFields(isOwn: true))),
            ("client", mapping(clientFields, required: ["kind"])),
            ("step", mapping(stepFields, required: ["do"])),
            ("cycles", mapping(cycleFields, required: ["cycles", "steps"])),
            ("pattern", mapping(patternFields, required: ["event"])),
            ("moment", mapping(momentFields)),
            ("instants", mapping(instantFields, required: ["from", "to", "every"])),
            ("until", mapping([("at", span("So long after the run's start."))] + momentFields)),
            ("expectation", mapping(expectationFields)),
        ]
    }

    // MARK: Forms

    private static func object(_ fields: [Field]) -> JSONValue {
        .object(JSONObject(fields.map { ($0.name, $0.value) }))
    }

    private static func described(_ what: String, _ fields: [Field]) -> JSONValue {
        object((what.isEmpty ? [] : [("description", .string(what))]) + fields)
    }

    private static func reference(_ name: String, _ what: String = "") -> JSONValue {
        described(what, [("$ref", .string("#/$defs/\(name)"))])
    }

    private static func span(_ what: String) -> JSONValue { reference("span", what) }

    private static func text(_ what: String, pattern: String? = nil) -> JSONValue {
        described(what, [("type", .string("string"))] + (pattern.map { [("pattern", .string($0))] } ?? []))
    }

    private static func number(_ least: UInt64, _ most: UInt64, _ what: String) -> JSONValue {
        described(
            what, [("type", .string("integer")), ("minimum", .unsigned(least)), ("maximum", .unsigned(most))])
    }

    private static func choice(_ words: [String], _ what: String = "") -> JSONValue {
        described(what, [("enum", .array(words.map { .string($0) }))])
    }

    private static func flag(_ what: String) -> JSONValue {
        described(what, [("type", .string("boolean"))])
    }

    private static func list(_ item: JSONValue, _ what: String = "") -> JSONValue {
        described(what, [("type", .string("array")), ("items", item)])
    }

    private static func mapping(_ fields: [Field], _ what: String = "", required: [String] = []) -> JSONValue
    {
        described(
            what,
            [("type", .string("object")), ("additionalProperties", .bool(false))]
                + (required.isEmpty ? [] : [("required", .array(required.map { .string($0) }))])
                + [("properties", object(fields))])
    }
}
