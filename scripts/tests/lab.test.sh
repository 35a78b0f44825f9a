#!/usr/bin/env bash
# Tests what scripts/lab hands to `ccmlab run`, in a checkout in which nothing is installed, built or run.

# shellcheck disable=SC2154 # set by the harness
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

checkout=$scratch/checkout
mkdir -p "$checkout/scripts/lib" "$checkout/.build/release"
cp "$scripts/lab" "$checkout/scripts/lab"
cp "$scripts/lib/common.sh" "$checkout/scripts/lib/common.sh"
printf '#!/bin/sh\n' | tee "$checkout/scripts/setup" >"$checkout/scripts/lib/build"
# shellcheck disable=SC2016 # expanded by the shell that runs it
printf '#!/bin/sh\necho "told: $*"\n' >"$checkout/.build/release/ccmlab"
chmod +x "$checkout/scripts/setup" "$checkout/scripts/lib/build" "$checkout/.build/release/ccmlab"

try "$checkout/scripts/lab"
expect 'without a scenario the boot orders are run' status 0 out 'told: run ' out 'Lab/scenarios/boot-order'
try "$checkout/scripts/lab" mine.yaml --clock real
expect 'a scenario is run alone' status 0 out 'told: run mine.yaml --clock real
'
for option in --fabric --clock --output --ccmd --repeat --tag --shard --seed; do
    try "$checkout/scripts/lab" "$option" value
    expect "the value of $option is no scenario" status 0 out "told: run $option value " out 'Lab/scenarios/boot-order'
done
try "$checkout/scripts/lab" --dry-run
expect 'an option without a value takes none' status 0 out 'told: run --dry-run ' out 'Lab/scenarios/boot-order'
echo '# end'
