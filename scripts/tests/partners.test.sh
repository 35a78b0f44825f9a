#!/usr/bin/env bash
# Partners that are programs of their own: what the lab says of those that do not keep the contract, and that those of
# Lab/partners take their settings from nowhere else.

# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
partners=$scripts/../.build/partners
if [ ! -x "$lab" ] || [ ! -x "$partners/bird-partner" ]; then
    skip partners "there is no $lab, or nothing in $partners; scripts/lib/build makes them"
    echo '# end'
    exit
fi

# scenario NAME COMMAND [FIELDS]: one whose partner b is that program.
scenario() {
    mkdir -p "$scratch/scenarios"
    cat >"$scratch/scenarios/$1.yaml" <<END
name: $1
summary: Partner b is a program that does not keep the contract.
capture: none
partners:
  b: { command: $2${3:+, $3} }
END
}

# program NAME: a program of that name, whose text is read from standard input.
program() {
    { echo '#!/bin/sh' && cat; } >"$scratch/$1"
    chmod 755 "$scratch/$1"
}

program silent <<'END'
exec sleep 60
END
program chatty <<'END'
echo 'Hello, world!'
exec sleep 60
END
program hasty <<'END'
echo 'no licence was found' >&2
exit 3
END
# It never says what it speaks of.
program vague <<'END'
echo "{\"time\":1,\"partner\":\"$CCM_PARTNER\",\"incarnation\":\"00000000000000b1\",\"event\":\"started\",\"pid\":$$}"
exec sleep 60
END
program deputy <<'END'
echo "{\"time\":1,\"partner\":\"$CCM_PARTNER\",\"incarnation\":\"00000000000000b1\",\"event\":\"started\",\"pid\":1,\"speaks\":[]}"
exec sleep 60
END
for name in silent chatty hasty vague deputy; do scenario "$name" "[$scratch/$name]"; done
scenario absent "[$scratch/absent]"
scenario needy "[$scratch/silent]" 'needs: [no-such-tool]'

try "$lab" run "$scratch/scenarios" --output "$scratch/run"
# shellcheck disable=SC2016 # for expect to evaluate
expect 'programs that do not keep the contract are not run' status 2 holds '[ "$(grep -c " not run" <<<"$out")" -ge 7 ]'
# A table breaks its lines, and verdict.json does not.
while read -r name text; do
    try grep -F '"reason"' "$scratch/run/$name/verdict.json"
    expect "$name: the reason says what is wrong" out "$text"
done <<'END'
absent /absent”: expected a file of that name
needy silent needs “no-such-tool”, which is not there: install it
silent silent wrote no event within 5s; expected “started”
chatty line 1 of history-b.jsonl is wrong: not JSON at byte 0
hasty no licence was found
vague started needs 'speaks', a list of what the history tells
deputy names process 1, and the lab started
END

# What needs memory is a child that it started before it was squeezed.
program parent <<'END'
while sleep 0.05; do head -c 4194304 /dev/zero | tail -c 4194304 >/dev/null; done &
event() { echo "{\"time\":1,\"partner\":\"$CCM_PARTNER\",\"incarnation\":\"00000000000000b1\",\"event\":$1}"; }
trap 'event "\"stopped\""; exit 0' TERM
event "\"started\",\"pid\":$$,\"speaks\":[]"
while :; do wait; done
END
mkdir "$scratch/squeezed"
cat >"$scratch/squeezed/squeezed.yaml" <<END
name: squeezed
summary: Partner b is a program whose child goes short of memory.
capture: none
partners:
  b: { command: [$scratch/parent], needs: [head, tail, sleep] }
steps:
  - { do: squeeze, partner: b, room: 0, at: 1s }
  - { do: relieve, partner: b, delay: 1s }
until: { step: relieve-b }
expect:
  - { partner: b, event: fault, where: { step: squeeze-b, processes: "> 1" } }
  - { partner: b, event: fault, where: { step: relieve-b, timesOverRoom: "> 0" } }
END
try "$lab" run "$scratch/squeezed" --output "$scratch/squeezed"
expect 'a program is squeezed with what it has started' status 0 out 'squeezed'

try "$lab" run --fabric sim "$scratch/scenarios/silent.yaml" --output "$scratch/sim"
expect 'the simulator runs none, and says why' status 2 out 'partner b is a program of its own,' err 'nothing was run'
try "$lab" soak --count 1 "$scratch/scenarios/silent.yaml" --output "$scratch/soak"
expect 'a soak takes none' status 2 err 'silent has a partner with a command'

for partner in bird-partner protocol-partner; do
    try env -i "$partners/$partner"
    expect "$partner names the settings that it misses" status 64 err 'CCM_PARTNER is not set' err 'docs/partner-contract.md'
    try env -i CCM_NODE=none "$partners/$partner"
    expect "$partner says what is wrong with a setting" status 64 err 'CCM_NODE: expected a number, found "none"'
done

echo '# end'
