#!/usr/bin/env bash
# Runs that are divided among machines and put together again, and what does not go together.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip shards "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

# One of them does not hold.
cat >"$scratch/impossible.yaml" <<'END'
name: impossible
summary: Partner b is killed, and a is wanted to call that hung.
steps:
  - { do: kill, partner: b, after: { partner: a, event: verdict, where: { verdict: alive } }, delay: 100ms }
expect:
  - { partner: a, event: verdict, where: { verdict: hung }, within: 5ms, of: { step: kill-b } }
END
scenarios=(Lab/scenarios/boot-order "$scratch/impossible.yaml")
run() { "$lab" run --fabric sim "${scenarios[@]}" "$@"; }
try run --output "$scratch/whole"
expect 'the whole does not hold' status 1
for part in 1 2; do run --shard $part/2 --output "$scratch/part-$part" >/dev/null 2>&1; done
try "$lab" merge "$scratch/part-1" "$scratch/part-2" --output "$scratch/merged"
expect 'two parts merged come to what the whole came to' status 1 out '28 of 29 runs held' out 'BROKE' \
    holds '[ -s "$scratch/merged/report.html" ] && [ -s "$scratch/merged/skew-sweep/skew=5ms/events.jsonl" ]'
try diff "$scratch/whole/environment.json" "$scratch/merged/environment.json"
expect 'on the same ground' status 0 silent
verdicts() { grep -E '"(scenario|variant|result|rule|explanation)":' "$1/verdicts.json" | sort; }
try diff <(verdicts "$scratch/whole") <(verdicts "$scratch/merged")
expect 'with the same verdicts' status 0 silent
try diff <(sed 's/^\(not \)\?ok [0-9]*/\1ok/' "$scratch/whole/verdicts.ktap" | sort) \
    <(sed 's/^\(not \)\?ok [0-9]*/\1ok/' "$scratch/merged/verdicts.ktap" | sort)
expect 'for machines as well' status 0 silent
count() { grep -c '<testcase' "$1/junit.xml"; }
try echo "$(count "$scratch/part-1") $(count "$scratch/part-2") $(count "$scratch/merged")"
expect 'each run is in one part only' holds '[[ $out =~ ^([0-9]+)\ ([0-9]+)\ 29 ]] && [ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -eq 29 ]' \
    holds '[ "${BASH_REMATCH[1]}" -gt 5 ] && [ "${BASH_REMATCH[2]}" -gt 5 ]'

try "$lab" merge "$scratch/part-1" "$scratch/whole" --output "$scratch/twice"
expect 'a run that two folders hold is named' status 2 err 'are the same run'
run --seed 2 --shard 2/2 --output "$scratch/other" >/dev/null 2>&1
try "$lab" merge "$scratch/part-1" "$scratch/other" --output "$scratch/unlike"
expect 'parts that were not run alike are refused' status 2 err 'were not run alike: fabric is sim and sim, seed 2'
try "$lab" merge "$scratch/part-1" "$scratch/nowhere"
expect 'a folder that is not there is named' status 2 err "there is no folder $scratch/nowhere"
try "$lab" merge "$scratch/part-1" "$scratch/whole/a-first"
expect 'the folder of one run is refused' status 2 err 'expected the folder of a whole run'
sed -i 's#"folder": "#"folder": "../#' "$scratch/other/verdicts.json"
try "$lab" merge "$scratch/other" "$scratch/other"
expect 'nothing outside of its folder belongs to a run' status 2 err 'a run without a “folder” below it'
try "$lab" merge "$scratch/whole"
expect 'one folder is nothing to merge' status 64 err 'at least two'
try run --shard 3/2
expect 'there is no third part of two' status 64 err '--shard takes K/N'
try "$lab" run --dry-run --shard 1/2 "${scenarios[@]}"
expect 'what a part would do can be asked' status 0 out 'would be done in' out 'nothing was'
try "$lab" soak --seed random --shard 1/2
expect 'parts of a soak need a seed in common' status 64 err 'needs a --seed'

echo '# end'
