/// Tells which of many equal lines of history are written: the first 64 in a row, then those whose number is a
/// power of two.
///
/// A partner that stays away for a night is called for a million times; the numbers in the lines, and the
/// counters, still tell how often.
package struct Repetition: Sendable {
    private var reason: StaticString = ""
    private var count: UInt64 = 0

    package init() {}

    /// Whether one more of the same kind would be written.
    var isNextWorthALine: Bool { isWorthALine(count + 1) }

    /// Counts one for this reason, and tells whether it is written. Another reason begins a new row.
    package mutating func isWorthALine(for reason: StaticString) -> Bool {
        if !areEqual(reason, self.reason) {
            self.reason = reason
            count = 0
        }
        count += 1
        return isWorthALine(count)
    }

    /// Whatever comes next begins a new row.
    mutating func end() { count = 0 }

    private func isWorthALine(_ number: UInt64) -> Bool { number <= 64 || number & (number - 1) == 0 }

    private func areEqual(_ one: StaticString, _ other: StaticString) -> Bool {
        one.withUTF8Buffer { first in other.withUTF8Buffer { first.elementsEqual($0) } }
    }
}
