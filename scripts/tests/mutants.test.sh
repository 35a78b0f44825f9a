#!/usr/bin/env bash
# Tests that each broken ccmd of Tests/Mutants can still be made of the sources, and says where it has to be found. Building and
# running them is for scripts/mutants.

# shellcheck disable=SC2016 # expanded by the harness
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

root=${scripts%/*}
for patch in "$root"/Tests/Mutants/*.patch; do
    name=${patch##*/}
    try git -C "$root" apply --check "$patch"
    expect "$name fits the sources" status 0
    # shellcheck disable=SC2034 # read by holds
    scenario=$(sed -n 's/^scenario: //p' "$patch")
    expect "$name names a scenario, a rule and what is found" \
        holds '[ -f "$root/$scenario" ] && grep -q "^rule: [a-z-]" "$patch" && grep -q "^found: ." "$patch"'
done

try "$scripts/mutants" no-such-mutant
expect 'a mutant that is not there is refused' status 64 err "there is no mutant 'no-such-mutant'"

echo '# end'
