#!/usr/bin/env bash
# scripts/fabric: what it refuses on this machine, and what it does in the lab's.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"
fabric=$scripts/fabric

try "$fabric"
expect 'refuses to guess' status 64 err 'say up, down, status, rebuild, take or give'
try "$fabric" sideways
expect 'refuses an unknown verb' status 64 err "'sideways'"
try "$fabric" up twice
expect 'refuses what it does not understand' status 64 err "'twice'"
try "$fabric" rebuild c
expect 'refuses an unknown partner' status 64 err "not 'c'"
try "$fabric" rebuild
expect 'refuses no partner' status 64 err 'takes a partner'
try "$fabric" take c device
expect 'refuses to take from an unknown partner' status 64 err "not 'c'"
try "$fabric" take a
expect 'refuses to take nothing' status 64 err 'device, address, link or mac'
try "$fabric" take a link 16
expect 'refuses a rail that cannot be' status 64 err 'a rail from 0 to 15'
try "$fabric" take a device 0
expect 'refuses a rail of a part that is taken whole' status 64 err "unexpected argument '0'"
try "$fabric" give b cable
expect 'refuses to give what it does not know' status 64 err "not 'cable'"
try "$fabric" give b device twice
expect 'refuses to give more than one part' status 64 err "'twice'"
for rails in 0 17 -1 two ''; do
    try "$fabric" up --rails "$rails"
    expect "refuses '$rails' rails" status 64 err '1 to 16'
done
try "$fabric" down --rails 2
expect 'refuses rails where they mean nothing' status 64 err '--rails goes with up'

# As root, or as nobody in particular.
if [ "$UID" -eq 0 ] && as_nobody test -r "$fabric"; then
    user=(as_nobody)
else
    user=()
fi
if [ "$UID" -ne 0 ] || [ ${#user[@]} -gt 0 ]; then
    for verb in up down status 'rebuild a'; do
        # shellcheck disable=SC2086 # words on purpose
        try "${user[@]}" "$fabric" $verb
        expect "without root $verb refuses, and names scripts/vm" status 1 err 'needs root' err 'scripts/vm -- scripts/fabric'
    done
else
    skip 'without root' 'another user cannot read this folder'
fi

if [ "$UID" -ne 0 ]; then
    skip 'refusals of this kernel' 'only root gets that far'
elif version_at_least "$(uname -r)" "$rxe_netns_since"; then
    skip 'refusals of this kernel' 'it is new enough'
else
    find /run/ccm-lab >"$scratch/before" 2>/dev/null
    unchanged='find /run/ccm-lab 2>/dev/null | cmp -s - "$scratch/before"'
    try "$fabric" up
    expect 'refuses on a kernel that is too old, and names scripts/vm' status 1 err "$(uname -r)" err 'older than 7.1' \
        err 'scripts/vm -- scripts/fabric up' holds '[ "$(wc -l <"$scratch/err")" -eq 1 ]'
    expect 'and changes nothing' holds "$unchanged"
    if [ ! -e /run/ccm-lab/fabric/made ]; then
        try "$fabric" status
        expect 'status there is down' status 3 out 'fabric: down'
        try "$fabric" down
        expect 'down there is nothing to do' status 0 silent holds "$unchanged"
        try "$fabric" rebuild a
        expect 'rebuild there is refused' status 3 err 'there is no fabric'
    fi
fi
if [ "$UID" -eq 0 ]; then
    try env PATH="$(few_tools true)" sh "$fabric" status
    expect 'names a tool that is missing' status 1 err "'ip' is missing" err scripts/setup
fi

# The rest needs the kernel for it.
if "$scripts/setup" --check >/dev/null 2>&1; then
    "$scripts/uml" --timeout 300 -- bash "$scripts/tests/fabric-in-vm"
    status=$? out='' err=''
    expect 'the tests in the machine came to their end' status 0
else
    skip 'making a fabric' 'something is missing, see scripts/setup --check'
fi

echo '# end'
