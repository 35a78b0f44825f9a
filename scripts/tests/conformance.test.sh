#!/usr/bin/env bash
# ccmlab conform and scripts/conformance: what is refused, and a run on real verbs that the simulator tells the same.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

try "$scripts/conformance" --help
expect 'the script tells what it is for' status 0 out 'Usage: scripts/conformance' out 'Exit status'
try "$scripts/conformance" --output
expect 'a folder that is not named is told' status 64 err '--output names no folder'

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip conformance "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

try "$lab" conform
expect 'refuses to compare nothing' status 64 err 'Usage: ccmlab conform'
try "$lab" conform "$scratch/nowhere"
expect 'a folder that is not there is told' status 2 err "there is no folder $scratch/nowhere"
mkdir "$scratch/empty"
try "$lab" conform "$scratch/empty"
expect 'a folder without runs is told' status 2 err 'is no run folder'

if ! "$scripts/setup" --check >/dev/null 2>&1; then
    skip 'comparing a run' 'something is missing, see scripts/setup --check'
    echo '# end'
    exit
fi

run=$scratch/run/kill-b-when-connected
try "$lab" run Lab/conformance/kill-b-when-connected.yaml --output "$scratch/run"
expect 'a micro-scenario holds on real verbs' status 0 holds '[ -s "$run/recording-b2.ccmrec" ]'
try "$lab" conform "$scratch/run"
expect 'the simulator tells the same' status 0 out '3 of 3 lives are told the same' \
    holds 'grep -q "\"conforms\": true" "$scratch/run/conformance.json"'

# A life that real verbs told nothing of.
rm "$run/recording-b2.ccmrec" "$run/config-b2.yaml"
try "$lab" conform "$scratch/run"
expect 'a life that is missing is a difference' status 1 out 'kill-b-when-connected b2' out 'DIFFER'
echo '{}' >"$run/recording-b1.ccmrec"
try "$lab" conform "$scratch/run"
expect 'a recording that cannot be read is told' status 2 out 'NOT COMPARED' out 'this is no recording'

echo '# end'
