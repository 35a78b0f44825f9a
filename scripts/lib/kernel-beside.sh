# shellcheck shell=bash
# shellcheck disable=SC2154 # here and me are set by the script
# The build of User-Mode Linux beside what else is built. Sourced, never run, by scripts/lab and scripts/test. What it says
# begins with its name, and what the others say with theirs.

kernel_build=''

# begin_kernel_build: starts it, in a process group of its own. The script's end ends it, by a trap for
# leave_kernel_build.
begin_kernel_build() {
    set -m
    nice -n 10 "$here/lib/build-uml" --plain </dev/null &
    kernel_build=$!
    set +m
}

# end_kernel_build: waits for it; false when there is no kernel.
end_kernel_build() {
    local status
    [ -n "$kernel_build" ] || return 0
    wait "$kernel_build"
    status=$?
    kernel_build=''
    [ "$status" -eq 0 ] || say 'User-Mode Linux could not be built; see what scripts/lib/build-uml says above'
    return "$status"
}

# shellcheck disable=SC2317 # reached by traps
leave_kernel_build() {
    [ -n "$kernel_build" ] || return 0
    kill -TERM -- "-$kernel_build" 2>/dev/null
    wait "$kernel_build" 2>/dev/null
    kernel_build=''
}
