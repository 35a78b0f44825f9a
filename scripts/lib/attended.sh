# shellcheck shell=bash
# Commands that take long, and end at once with the script that runs them. Sourced, never run. The script sets its traps:
#
#   trap 'interrupted 130' INT
#   trap 'interrupted 143' TERM HUP

child=''

# attended COMMAND...: runs it, in a process group of its own, so that a signal to this script ends it and its helpers at
# once, instead of waiting for it.
attended() {
    set -m
    "$@" &
    child=$!
    set +m
    wait "$child"
    local status=$?
    child=''
    return $status
}

# shellcheck disable=SC2317 # reached by the traps
interrupted() {
    trap '' INT TERM HUP
    end_child
    exit "$1"
}

# Ends what is attended, with its helpers, and waits until they are gone.
end_child() {
    [ -n "$child" ] || return 0
    kill -TERM -- "-$child" 2>/dev/null
    wait "$child" 2>/dev/null
    # Its helpers die as fast, but nobody waits for them; until then they may still write.
    while kill -0 -- "-$child" 2>/dev/null; do sleep 0.05; done
    child=''
}
