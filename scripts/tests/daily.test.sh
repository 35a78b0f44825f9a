#!/usr/bin/env bash
# What people type every day: help, completions, exit codes, colours, expected failures, repeated runs, what is kept.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$PWD/.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip daily "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

commands=$("$lab" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p' | sort -u)
try echo "$commands"
expect 'the help names the commands' out run out soak out shell out watch out doctor
for command in $commands; do
    try "$lab" help "$command"
    expect "$command explains itself with examples and exit codes" status 0 out 'Examples:' out "ccmlab $command" \
        out 'Exit status:'
done

"$lab" --generate-completion-script bash >"$scratch/ccmlab.bash"
try bash -n "$scratch/ccmlab.bash"
expect 'the completions for bash are a script' status 0 silent holds 'grep -q complete "$scratch/ccmlab.bash"'
for shell in zsh fish; do
    try "$lab" --generate-completion-script $shell
    expect "there are completions for $shell" status 0 out ccmlab
    if command -v $shell >/dev/null; then
        "$lab" --generate-completion-script $shell >"$scratch/ccmlab.$shell"
        try $shell -n "$scratch/ccmlab.$shell"
        expect "they are a script of $shell" status 0
    fi
done

# completes WORD...: what bash offers in the place of the last one.
completes() {
    bash -c '
        . "$1"
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9
        COMPREPLY=()
        $(complete -p ccmlab | sed "s/.*-F \([^ ]*\) .*/\1/") ccmlab "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' completes "$scratch/ccmlab.bash" "$@"
}
PATH=$(dirname "$lab"):$PATH
try completes ccmlab so
expect 'a command is completed' out soak
try completes ccmlab run --fabric ''
expect 'so is the place' out netns out vm out sim
try completes ccmlab run --tag ''
expect 'so are the tags of the scenarios' out quick out stress
try completes ccmlab bench --only ''
expect 'so are the benches' out mirror
try completes ccmlab run Lab/scenarios/boot-order/a-
expect 'so are scenario files' out Lab/scenarios/boot-order/a-first.yaml
try completes ccmlab check Lab/scen
expect 'and the folders that hold them' out Lab/scenarios
try completes ccmlab shell ''
expect 'so are the partners' out a out b

cat >"$scratch/known.yaml" <<'END'
name: known
summary: Partner b is killed, and a is wanted to call that hung.
steps:
  - { do: kill, partner: b, after: { partner: a, event: verdict, where: { verdict: alive } }, delay: 100ms }
expect:
  - { partner: a, event: verdict, where: { verdict: hung }, within: 5ms, of: { step: kill-b } }
expectedToBreak: { rules: [expected], reason: a dead process is not hung }
END
sed 's/^name: .*/name: mended/; s/hung }, within: 5ms/dead }, within: 500ms/' "$scratch/known.yaml" >"$scratch/mended.yaml"
try "$lab" run --fabric sim "$scratch/known.yaml" --output "$scratch/known"
expect 'what breaks as expected has not failed' status 0 out 'known broke as expected: a dead process is not hung' \
    out '0 of 1 runs held, 1 broke as expected' \
    holds 'grep -qx "not ok 1 known # TODO a dead process is not hung" "$scratch/known/verdicts.ktap"' \
    holds 'grep -q "<skipped message=\"broke as expected: a dead" "$scratch/known/junit.xml"' \
    holds 'grep -q "1 broke as expected" "$scratch/known/report.html"'
try "$lab" run --fabric sim "$scratch/mended.yaml" --output "$scratch/mended"
expect 'what holds although it was expected to break has' status 1 out 'mended: BROKE' out 'breaks-as-expected' \
    out 'expected held, although it was expected to break'
try "$lab" run --fabric sim --repeat 20 Lab/scenarios/boot-order/a-first.yaml --output "$scratch/twenty"
expect 'repeated runs are counted, with how sure they make' status 0 out 'held        20' out '83.9-100 %' \
    holds 'grep -q "\"method\": \"Wilson\"" "$scratch/twenty/verdicts.json"'

try "$lab" run --fabric sim Lab/scenarios/boot-order/a-first.yaml --output "$scratch/plain"
expect 'into a file there are neither colours nor progress' status 0 holds '[[ $out != *$'"'\e'"'* ]]'
try script -qec "TERM=xterm $lab run --fabric sim Lab/scenarios/boot-order/a-first.yaml --output $scratch/pty" /dev/null
expect 'on a terminal there are colours' status 0 holds '[[ $out = *$'"'\e[32m'"'* ]]'
try script -qec "TERM=xterm NO_COLOR=1 $lab run --fabric sim Lab/scenarios/boot-order/a-first.yaml --output $scratch/pty" /dev/null
expect 'unless NO_COLOR says otherwise' status 0 holds '[[ $out != *$'"'\e[32m'"'* ]]'

try "$lab" run --nonsense
expect 'wrong usage is status 64' status 64
try "$lab" run --fabric sim --keep "$scratch/known.yaml"
expect 'the simulator leaves nothing to keep' status 2 err 'without --fabric sim'
try "$lab" shell c
expect 'there is no third partner' status 64 err 'the partners a and b'
try "$lab" shell a --run "$scratch/plain"
expect 'where nothing is kept there is nothing to enter' status 2 err "there is no $scratch/plain/kept.json"
try "$lab" watch --run "$scratch/plain"
expect 'and nothing to watch' status 2 err 'ccmlab run --keep SCENARIO'
echo '{"ccmd": "ccmd", "door": "/nowhere"}' >"$scratch/plain/kept.json"
try "$lab" watch --run "$scratch/plain"
expect 'a machine that is gone is kept no longer' status 2 err 'is kept no longer'
rm "$scratch/plain/kept.json"

# With a machine of our own, which never comes up.
mkdir -p "$scratch/checkout/scripts/lib"
: >"$scratch/checkout/scripts/fabric"
printf '#!/bin/sh\n' >"$scratch/checkout/scripts/lib/keep-resident"
cat >"$scratch/checkout/scripts/vm" <<'END'
#!/bin/sh
trap 'echo told >"$SCRATCH/told"; kill $!; exit 143' TERM
sleep 600 &
while [ "$1" != -- ]; do
    case $1 in
        --door) stat -c '%a %n' "$2" >"$SCRATCH/door" ;;
        --results) [ ! -d "$SCRATCH/chunks" ] || cp -r "$SCRATCH/chunks/." "$2" ;;
    esac
    shift
done
echo up >"$SCRATCH/up"
wait
END
chmod 755 "$scratch/checkout/scripts/vm" "$scratch/checkout/scripts/lib/keep-resident"
# keeps SIGNAL: keeps a run in the folder of an earlier one, until that signal comes while the machine boots.
keeps() {
    rm -f "$scratch/door" "$scratch/told"
    SCRATCH=$scratch CCM_LAB_ROOT=$scratch/checkout "$lab" run --keep --fabric vm --ccmd /bin/true \
        --output "$scratch/plain" "$PWD/Lab/scenarios/boot-order/a-first.yaml" &
    soon '[ -s "$scratch/door" ]'
    kill "-$1" $!
    wait $!
}
try keeps TERM
expect 'the verdicts of an earlier run are not those of one that was interrupted' status 130 err interrupted \
    holds '[ -e "$scratch/told" ]'
expect 'the door is a folder of its own, and goes with the machine' holds 'read -r mode door <"$scratch/door"' \
    holds '[ "$mode" = 700 ]' holds '[[ $door = /tmp/ccm-lab-door.* ]]' holds '[ ! -e "$door" ]'
try keeps KILL
expect 'the machine ends with a lab that is killed outright' status 137 holds 'soon "[ -e \"$scratch/told\" ]"'
read -r _ door <"$scratch/door"
rmdir "$door"

# A machine that brings the first chunk of a soak out, and is then ended.
sed -e 's/^name: .*/name: soak-7-01/' -e 's/hung }, within: 5ms/dead }/' -e /expectedToBreak/d "$scratch/known.yaml" >"$scratch/chunk.yaml"
soaks() {
    rm -rf "$scratch/soak" "$scratch/up" "$scratch/told"
    SCRATCH=$scratch CCM_LAB_ROOT=$scratch/checkout "$lab" soak --seed 7 --count 60 --fabric vm --ccmd /bin/true \
        --output "$scratch/soak" "$PWD/Lab/scenarios/soak" &
    soon '[ -s "$scratch/up" ]'
    kill "-$1" $!
    wait $!
}
try soaks TERM
expect 'a soak that is interrupted before a chunk is done says so' status 130 err interrupted \
    out 'interrupted: 0 of 3 chunks are done' out "run folder: $scratch/soak" holds '[ -e "$scratch/told" ]'
try "$lab" run --fabric sim "$scratch/chunk.yaml" --output "$scratch/chunks"
expect 'the chunk holds' status 0
try soaks INT
expect 'one that is interrupted later tells of the chunks that are done, and reports them' status 130 err interrupted \
    out 'interrupted: 1 of 3 chunks are done' out '1 of 1 chunks held' out 'faults                  1  kill 1' \
    out '--seed 7 --count 20' out "report: $scratch/soak/report.html" holds '[ -s "$scratch/soak/report.html" ]' \
    holds 'grep -q "\"complete\": false" "$scratch/soak/soak.json"' holds '[ -s "$scratch/soak/junit.xml" ]'

echo '# end'
