#!/usr/bin/env bash
# The simulator, without a machine and without privileges: scenarios, ordeals, all schedules, and what is refused.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip simulator "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi
chmod 755 "$scratch"
mkdir "$scratch/out-of-lab" && chmod 777 "$scratch/out-of-lab"

# Without those at every instant, of which there are thousands here.
try "$lab" run --fabric sim Lab/scenarios/{addresses,boot-order,clients,faults,field,partners,rails,soak,speed,stress} \
    --output "$scratch/runs"
expect 'every scenario that needs no real verbs holds in the simulator' status 0 out 'left out (virtual time, sim)' \
    holds '[ -s "$scratch/runs/a-first/events.jsonl" ]' holds '[ -s "$scratch/runs/junit.xml" ]'
expect 'those that do are named' out 'for real verbs only'
try as_nobody "$lab" run --fabric sim --trace Lab/scenarios/boot-order/a-first.yaml --output "$scratch/out-of-lab/run"
expect 'a run can be watched, without privileges' status 0 out 'connectStarted connect' out '------------->' \
    holds '! grep -q "^.\{101\}" <<<"$out"'
try "$lab" run --fabric sim --speed Lab/scenarios/speed --output "$scratch/runs"
expect 'the simulator claims no speed' status 2 err 'only real verbs have a speed'
try "$lab" run --trace Lab/scenarios/boot-order/a-first.yaml --output "$scratch/runs"
expect 'a run on real verbs is not traced' status 2 err 'is for --fabric sim'

# digest JOBS: the digest of ten thousand ordeals.
digest() { "$lab" soak --fabric sim --seed 1 --count 10000 --jobs "$1" --output "$scratch/soak" | sed -n 's/^digest *//p'; }
one=$(digest 1) two=$(digest 2)
try echo "$one $two"
expect 'ten thousand ordeals come out the same, however many run at once' holds '[ -n "$one" ] && [ "$one" = "$two" ]'
# interrupted: what ordeals without end tell when they are interrupted in their midst.
interrupted() {
    "$lab" soak --fabric sim --seed 9 --for 60min --progress --output "$scratch/interrupted" >"$scratch/told" &
    soon 'grep -q "^~ [0-9]* ordeals" "$scratch/told"'
    kill -TERM $!
    wait $!
    local status=$?
    cat "$scratch/told"
    return $status
}
try interrupted
expect 'ordeals that are interrupted tell of those that are done' status 130 err interrupted \
    out 'interrupted    before 3600s were over' holds 'grep -q "\"complete\": false" "$scratch/interrupted/soak.json"'
done_until_then=$(sed -n 's/^ordeals *\([0-9]*\),.*/\1/p' <<<"$out") digest=$(grep '^digest' <<<"$out")
try "$lab" soak --fabric sim --seed 9 --count "${done_until_then:-0}" --output "$scratch/soak"
expect 'which are as many ordeals as come out the same' status 0 out "${digest:-no digest}"

try "$lab" soak --fabric sim --seed 7 --count 2000 --output "$scratch/soak"
expect 'ordeals hold' status 0 out 'broke          0'
try "$lab" soak --fabric sim --seed 1 --count 2000 --bound 1ms --output "$scratch/broken"
short=$(find "$scratch/broken" -name short.yaml | head -n 1)
expect 'ordeals that need longer than they may are told, and made small' status 1 out 'readyAgain: not ready' \
    holds '[ -s "$short" ]'
try "$lab" run --fabric sim "$short" --output "$scratch/short"
expect 'what was made small is a scenario' holds '[ "$status" -le 1 ]' out 'ordeal-'

try "$lab" explore
expect 'every schedule holds, and all were tried' status 0 out 'two crashes, two reboots' holds '! grep -q complete <<<"$out"'
try "$lab" explore --crashes 1 --reboots 1 --states 1000
expect 'a search that was cut short says so' status 2 out 'held, not complete'

try "$lab" explore --crashes 99
expect 'explore refuses a bound out of all bounds' status 64 err 'a number from 0 to 8, not 99'
try "$lab" soak --fabric sim Lab/scenarios/soak
expect 'a simulated soak refuses scenarios' status 64 err 'name no scenario'
try "$lab" soak --fabric sim --jobs 0
expect 'nothing is done by no jobs' status 64 err '--jobs takes a number from 1 to 1024, not 0'
try "$lab" soak --fabric sim --bound never
expect 'soak refuses a bound that is no time' status 64 err never

echo '# end'
