#!/usr/bin/env bash
# Tests what scripts/lab hands to `ccmlab run`, in a checkout in which nothing is installed, built or run.

# shellcheck disable=SC2154,SC2016 # set by the harness; conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

checkout=$scratch/checkout
mkdir -p "$checkout/scripts/lib" "$checkout/.build/release"
cp "$scripts/lab" "$checkout/scripts/lab"
cp "$scripts/lib/common.sh" "$scripts/lib/kernel-beside.sh" "$checkout/scripts/lib/"
# does SCRIPT COMMANDS: what the stand-in does instead.
does() {
    printf '#!/bin/sh\n%s\n' "$2" >"$checkout/scripts/$1"
    chmod +x "$checkout/scripts/$1"
}
does setup 'echo "setup: $*" >&2'
does lib/build :
does lib/build-uml :
printf '#!/bin/sh\necho "told: $*"\n' >"$checkout/.build/release/ccmlab"
chmod +x "$checkout/.build/release/ccmlab"

try "$checkout/scripts/lab"
expect 'without a scenario the boot orders are run' status 0 err 'setup: --fetch-only' out 'told: run ' out 'Lab/scenarios/boot-order'
try "$checkout/scripts/lab" mine.yaml --clock real
expect 'a scenario is run alone' status 0 out 'told: run mine.yaml --clock real
'
for option in --fabric --clock --output --ccmd --repeat --tag --shard --seed --jobs --only; do
    try "$checkout/scripts/lab" "$option" value
    expect "the value of $option is no scenario" status 0 out "told: run $option value " out 'Lab/scenarios/boot-order'
done
try "$checkout/scripts/lab" --dry-run
expect 'an option without a value takes none' status 0 out 'told: run --dry-run ' out 'Lab/scenarios/boot-order'

does lib/build-uml 'touch begun; until [ -e swift-built ]; do sleep 0.1; done; echo kernel >>built'
does lib/build 'until [ -e begun ]; do sleep 0.1; done; touch swift-built; echo swift >>built'
cd "$scratch" || exit 1
try "$checkout/scripts/lab" mine.yaml
expect 'the kernel and the lab are built beside each other, and both are awaited' status 0 out 'told: run mine.yaml' \
    holds '[ "$(sort built | tr "\n" " ")" = "kernel swift " ]'
does lib/build-uml 'echo "a reason" >&2; exit 1'
try "$checkout/scripts/lab" mine.yaml
expect 'no kernel: nothing is run' status 2 err 'a reason' err 'User-Mode Linux could not be built' holds '[ -z "$out" ]'
does lib/build-uml 'trap "touch ended; exit 143" TERM; touch begun; while :; do sleep 0.1; done'
rm -f begun
does lib/build 'until [ -e begun ]; do sleep 0.1; done; exit 1'
try "$checkout/scripts/lab" mine.yaml
expect 'no lab: the build of the kernel is ended' status 2 holds '[ -e ended ]' holds '[ -z "$out" ]'
rm -f begun ended
does lib/build 'until [ -e begun ]; do sleep 0.1; done; kill -INT $PPID'
try "$checkout/scripts/lab" mine.yaml
expect 'interrupted: the build of the kernel is ended' status 130 holds '[ -e ended ]' holds '[ -z "$out" ]'
echo '# end'
