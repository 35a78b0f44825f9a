#!/usr/bin/env bash
# Every script: shellcheck finds nothing, --help explains, an unknown option is refused.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

mapfile -t files < <(grep -rlE -m1 '^#!.*[ /](ba|da|)sh$|^# shellcheck shell=' "$scripts" | sort)
if command -v shellcheck >/dev/null; then
    for file in "${files[@]}"; do
        try shellcheck -x "scripts/${file#"$scripts"/}"
        expect "shellcheck ${file#"$scripts"/}" status 0
    done
else
    skip shellcheck 'it is not installed; scripts/setup does it'
fi

for script in setup vm uml fabric lib/build-uml lib/check-guest tests/run; do
    try "$scripts/$script" --help
    expect "$script --help" status 0 out "Usage: scripts/$script"
    expect "$script --help fits 120 columns" holds '! grep -q ".\{121\}" "$scratch/out"'
    try "$scripts/$script" --no-such-option
    expect "$script refuses an unknown option" status 64 err "scripts/$script: unknown" err -- holds '[ -z "$out" ]'
done

echo '# end'
