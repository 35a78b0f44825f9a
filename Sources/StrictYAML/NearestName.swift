/// The valid name that a mistyped one most probably meant.
///
/// The distance is Levenshtein's over lower-cased characters, with two that changed places counted as one mistake. A
/// suggestion further away than a third of the name is noise, and so is any for one or two letters.
package func nearestName(to name: String, among names: [String]) -> String? {
    let wanted = Array(name.lowercased().prefix(64))
    guard wanted.count > 2 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in names {
        let distance = editDistance(wanted, Array(candidate.lowercased()))
        if distance < (best?.distance ?? Int.max) { best = (candidate, distance) }
    }
    guard let best, best.distance <= max(1, best.name.count / 3) else { return nil }
    return best.name
}

/// The number of single-character insertions, deletions and replacements, and of neighbours that changed places, between
/// two words.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            let replaced = previous[column] + (character == other ? 0 : 1)
            var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row - 1] == other, character == right[column - 1] {
                least = min(least, beforePrevious[column - 1] + 1)
            }
            current.append(least)
        }
        beforePrevious = previous
        previous = current
    }
    return previous[right.count]
}
