# shellcheck shell=bash
# What the test files share. Sourced, never run.
#
#   try COMMAND...      runs it; its status and streams are in $status, $out and $err
#   expect NAME [status N] [out TEXT] [err TEXT] [silent] [holds COMMAND]
#                       one test over what was tried last: every condition must be met. TEXT is a part of the stream.
#   skip NAME REASON    a test that cannot be run here

set -u
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$scripts/.." || exit 1

try() {
    "$@" >"$scratch/out" 2>"$scratch/err"
    status=$?
    # A byte that is not part of the stream keeps its last newline from being cut off.
    out=$(cat "$scratch/out" && echo .) err=$(cat "$scratch/err" && echo .)
    out=${out%.} err=${err%.}
}

expect() {
    local name=$1 faults=()
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            status) [ "$status" -eq "$2" ] || faults+=("exit status $status instead of $2") && shift ;;
            out) [[ $out = *"$2"* ]] || faults+=("stdout lacks: $2") && shift ;;
            err) [[ $err = *"$2"* ]] || faults+=("stderr lacks: $2") && shift ;;
            silent) [ -z "$out$err" ] || faults+=('it printed something') ;;
            holds) eval "$2" || faults+=("does not hold: $2") && shift ;;
            *) faults+=("the test itself: unknown condition $1") ;;
        esac
        shift
    done
    if [ ${#faults[@]} -eq 0 ]; then
        echo "ok $name"
        return
    fi
    echo "not ok $name"
    printf '#   %s\n' "${faults[@]}"
    printf '%s' "$out" | tail -n 15 | sed 's/^/#   stdout: /'
    printf '%s' "$err" | tail -n 15 | sed 's/^/#   stderr: /'
}

skip() { echo "skip $1: $2"; }

# as_nobody COMMAND...: without root, and without a home.
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups -- env HOME=/nonexistent "$@"; }

# soon COMMAND: true as soon as the command succeeds, false when it does not within 20 s.
soon() {
    local round
    for ((round = 0; round < 200; round++)); do
        if eval "$1"; then return 0; fi
        sleep 0.1
    done
    return 1
}

# A folder of the few tools a script needs before it finds out what is missing.
few_tools() {
    local folder=$scratch/few-tools tool
    mkdir -p "$folder"
    for tool in bash sh env dirname sed cat grep awk "$@"; do ln -sf "$(command -v "$tool")" "$folder/"; done
    echo "$folder"
}
