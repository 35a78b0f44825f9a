#!/usr/bin/env bash
# scripts/setup: what it reports, what it refuses, what it leaves alone. Nothing is installed and no kernel is kept.
# What it does with User-Mode Linux, build-uml.test.sh has.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

unset CCM_LAB_KERNEL CCM_LAB_UML_KERNEL
cache=$scratch/cache
# fake_kernel FOLDER RELEASE: one that looks whole.
fake_kernel() {
    mkdir -p "$1/lib/modules/$2/kernel"
    : >"$1/vmlinuz"
    : >"$1/lib/modules/$2/modules.dep"
}

try "$scripts/setup" --kernel
expect 'refuses --kernel without a folder' status 64 err 'needs a folder'
try "$scripts/setup" --check --kernel /
expect 'refuses --check with --kernel' status 64 err 'only looks'
try "$scripts/setup" --uml-kernel
expect 'refuses --uml-kernel without a folder' status 64 err 'needs a folder'
try "$scripts/setup" --check --uml-kernel /
expect 'refuses --check with --uml-kernel' status 64 err 'only looks'
try "$scripts/setup" --check --fetch-only
expect 'refuses --check with --fetch-only' status 64 err 'only looks'
try "$scripts/setup" --no-uml --fetch-only
expect 'refuses --no-uml with --fetch-only' status 64 err '--fetch-only does not go with --no-uml'
try "$scripts/setup" --no-uml --uml-kernel /
expect 'refuses --no-uml with --uml-kernel' status 64 err '--uml-kernel does not go with --no-uml'

try env CCM_LAB_CACHE="$cache" "$scripts/setup" --uml-kernel /nonexistent
expect 'refuses a folder of User-Mode Linux that is not there' status 1 err '/nonexistent' holds '[ ! -e "$cache" ]'
mkdir "$scratch/no-linux"
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --uml-kernel "$scratch/no-linux"
expect 'refuses a folder without the program linux' status 1 err "'linux'" holds '[ ! -e "$cache" ]'
try env CCM_LAB_CACHE="$cache" CCM_LAB_UML_KERNEL=/nonexistent "$scripts/setup"
expect 'refuses a wrong CCM_LAB_UML_KERNEL' status 1 err 'CCM_LAB_UML_KERNEL: ' err /nonexistent holds '[ ! -e "$cache" ]'

try env CCM_LAB_CACHE="$cache" "$scripts/setup" --kernel /nonexistent
expect 'refuses a kernel folder that is not there' status 1 err '/nonexistent is no kernel folder' err vmlinuz \
    holds '[ ! -e "$cache" ]'
mkdir -p "$scratch/half/lib/modules/9.1-test/kernel"
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --kernel "$scratch/half"
expect 'refuses a kernel folder without an image' status 1 err 'but no vmlinuz' holds '[ ! -e "$cache" ]'
: >"$scratch/half/vmlinuz"
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --kernel "$scratch/half"
expect 'refuses a kernel folder without modules.dep, and names depmod' status 1 err 'depmod -b' holds '[ ! -e "$cache" ]'
fake_kernel "$scratch/two" 9.1-test
fake_kernel "$scratch/two" 9.2-test
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --kernel "$scratch/two"
expect 'refuses a folder of two kernels' status 1 err 'more than one kernel' holds '[ ! -e "$cache" ]'
fake_kernel "$scratch/old" 6.12.9-test
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --kernel "$scratch/old"
expect 'refuses a kernel that is too old' status 1 err 'older than 7.1' holds '[ ! -e "$cache" ]'
try env CCM_LAB_CACHE="$cache" CCM_LAB_KERNEL=/nonexistent "$scripts/setup"
expect 'refuses a wrong CCM_LAB_KERNEL' status 1 err 'CCM_LAB_KERNEL: /nonexistent' holds '[ ! -e "$cache" ]'

try env CCM_LAB_CACHE="$cache" "$scripts/setup" --check
expect '--check names a missing kernel and its remedy, and changes nothing' status 1 out 'lab kernel' out missing \
    out scripts/setup holds '[ ! -e "$cache" ]'
expect '--check names a missing User-Mode Linux' status 1 out 'uml kernel               missing   scripts/setup'
expect '--check fits 120 columns' holds '! grep -q ".\{121\}" "$scratch/out"'
few=$(few_tools dpkg-query apt-get realpath)
try env CCM_LAB_CACHE="$cache" "$scripts/setup" --check --no-uml
expect '--check --no-uml does not ask for it' holds '[[ $out != *"uml kernel"* ]]'
try env PATH="$few" CCM_LAB_CACHE="$cache" bash "$scripts/setup" --check
expect '--check names a missing Swift and its remedy' status 1 out 'swift (none)' out 'swift.org' holds '[ ! -e "$cache" ]'
rm -f "$few/apt-get"
try env PATH="$few" bash "$scripts/setup" --check
expect 'says what to do where there is no apt' status 1 err 'not a Debian' err qemu-system-x86 err CCM_LAB_KERNEL

if ! env CCM_LAB_CACHE="$cache" "$scripts/setup" --check 2>/dev/null | grep -v -e '^swift' -e '^lab kernel' -e '^uml kernel' | grep -q ' missing '; then
    fake_kernel "$scratch/new" 9.3.1-test
    try env CCM_LAB_CACHE="$cache" "$scripts/setup" --no-uml --kernel "$scratch/new"
    expect '--kernel remembers the folder' status 0 err 'ready: Linux 9.3.1-test' \
        holds '[ "$(readlink -f "$cache/kernels/current")" = "$(readlink -f "$scratch/new")" ]'
    try env CCM_LAB_CACHE="$cache" "$scripts/setup" --no-uml
    expect 'a second run keeps it' status 0 err 'ready: Linux 9.3.1-test'
    expect 'and leaves nothing else in the cache' holds '[ "$(cd "$cache" && echo ./* ./.[!.]* kernels/*)" = "./kernels ./.[!.]* kernels/current" ]'
    try env CCM_LAB_CACHE="$cache" "$scripts/setup" --check
    expect '--check sees it' out '9.3.1-test'
    rm -rf "$cache"

    # With no network this ends by itself, and must leave as little.
    env CCM_LAB_CACHE="$cache" "$scripts/setup" --no-uml >"$scratch/out" 2>&1 &
    setup=$!
    soon '[ -n "$(ls -A "$cache/kernels" 2>/dev/null)" ] || ! kill -0 $setup 2>/dev/null'
    sleep 1
    kill -TERM $setup 2>/dev/null
    wait $setup
    status=$? out='' err=''
    expect 'interrupted while fetching: no half kernel, nothing left' \
        holds '[ $status -ne 0 ]' holds '[ -z "$(ls -A "$cache/kernels")" ]'
else
    skip 'keeping a kernel' 'packages are missing, and this test would install them; run scripts/setup'
fi

echo '# end'
