#!/usr/bin/env bash
# ccmlab replay: a run recorded on real verbs replays the same, and whatever is wrong with a recording is told.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip replay "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

# Refusals.
try "$lab" replay
expect 'refuses to replay nothing' status 64 err 'Usage: ccmlab replay'
try "$lab" replay "$scratch/nowhere"
expect 'a folder that is not there is told' status 2 err "there is no $scratch/nowhere"
mkdir "$scratch/empty"
try "$lab" replay "$scratch/empty"
expect 'a folder without runs is told' status 2 err 'is no run folder' err recording-a1.ccmrec

if ! "$scripts/setup" --check >/dev/null 2>&1; then
    skip 'replaying a run' 'something is missing, see scripts/setup --check'
    echo '# end'
    exit
fi

# One run in which a partner is killed and boots again: three lives, and one of them without an end.
run=$scratch/run/kill-b-when-ready-and-boot-again
try "$lab" run Lab/scenarios/boot-order/kill-b-when-ready-and-boot-again.yaml --output "$scratch/run"
expect 'a run records every life' status 0 holds '[ -s "$run/recording-a1.ccmrec" ]' \
    holds '[ -s "$run/recording-b1.ccmrec" ]' holds '[ -s "$run/recording-b2.ccmrec" ]'
try "$lab" replay "$scratch/run"
expect 'it replays the same' status 0 out '3 of 3 lives the same throughout' out '1 are cut'
chmod 755 "$scratch"
try as_nobody "$lab" replay "$scratch/run"
expect 'it replays the same without privileges' status 0 out '3 of 3 lives the same throughout'

# put FILE OFFSET BYTE: puts a byte into a file.
put() { printf '%b' "$(printf '\\%03o' "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

damaged=$scratch/damaged
cp -R "$run" "$damaged"
size=$(stat -c %s "$damaged/recording-a1.ccmrec")
byte=$(od -An -tu1 -j $((size / 2)) -N 1 "$damaged/recording-a1.ccmrec")
put "$damaged/recording-a1.ccmrec" $((size / 2)) $((byte ^ 1))
try "$lab" replay "$damaged"
expect 'a recording changed by one bit is told' status 2 out 'NOT READ' out 'the checksum does' \
    out "recording: $damaged/recording-a1.ccmrec" out '2 of 3 lives the same'

cut=$scratch/cut
cp -R "$run" "$cut"
truncate -s $((size / 2)) "$cut/recording-a1.ccmrec"
try "$lab" replay "$cut"
expect 'a recording that was cut off replays as far as it goes, and says so' status 0 out '3 of 3 lives the same' \
    out '2 are cut'

rm "$cut/recording-b2.ccmrec"
try "$lab" replay "$cut"
expect 'a recording that is missing is told' status 2 out 'the recording is missing' \
    out "recording: $cut/recording-b2.ccmrec"
echo "{}" >"$cut/recording-b2.ccmrec"
try "$lab" replay "$cut/recording-b2.ccmrec"
expect 'another file is told from a recording' status 2 out 'this is no recording'

try "$lab" run --speed Lab/scenarios/speed --output "$scratch/speed"
expect 'a run that measures speed records nothing' status 0 holds '! find "$scratch/speed" -name "*.ccmrec" | grep -q .'

echo '# end'
