# shellcheck shell=bash
# What the scripts that start a machine (scripts/vm, scripts/uml) share: the folder of a run, the words of a command, and
# the job that the guest's init carries out. Sourced, never run. Behind lib/common.sh; `here` is the folder of scripts.

# make_temp NAME: makes the folder of this run's files, and sets temp to it. It is locked while the run lives, so that a
# later run can tell the leftovers of one that was killed outright; the mark in it says that the lock was taken once.
make_temp() {
    local base stale lock
    base=$(realpath -e -- "${TMPDIR:-/tmp}") || exit 125
    for stale in "$base/ccm-lab-$1.$UID".*/; do
        # Never anybody else's folder, nor a link to one.
        if [ -O "$stale" ] && [ ! -L "${stale%/}" ] && [ -e "$stale/locked" ] && exec {lock}<"$stale"; then
            ! flock -n "$lock" || rm -rf "$stale"
            exec {lock}<&-
        fi
    done
    temp=$base/ccm-lab-$1.$UID.$$.$RANDOM
    mkdir -m 700 "$temp" || die 125 "cannot make a folder of its own in $base"
    exec {temp_lock}<"$temp"
    if ! { flock -n "$temp_lock" && : >"$temp/locked" && mkdir "$temp/job"; }; then
        die 125 "cannot set up $temp"
    fi
    # shellcheck disable=SC2154 # an option of the script's
    if [ -z "$results" ]; then
        results=$temp/results
        mkdir "$results" || exit 125
    fi
}

# bound COMMAND...: becomes a program that dies with this script, even when the script is killed outright, and that
# does not hold the lock of our folder.
bound() {
    exec {temp_lock}<&-
    exec setpriv --pdeathsig KILL -- "$@"
}

# check_places: the console, the door and the results that were asked for can be had; sets them to absolute paths.
check_places() {
    # shellcheck disable=SC2154 # options of the script's
    if [ -n "$console" ]; then
        (: >"$console") 2>/dev/null || die 125 "cannot write the console to $console; name a file in a folder that exists"
    fi
    if [ -n "$door" ]; then
        if [ ! -d "$door" ] || [ ! -w "$door" ]; then die 125 "cannot make a door in $door; name a folder that can be written to"; fi
        door=$(realpath -e -- "$door") || exit 125
        # A socket's path may have 107 bytes.
        [ ${#door} -le 90 ] || die 125 "the path $door is too long for a door; name one of at most 90 bytes"
    fi
    if [ -n "$results" ]; then
        mkdir -p -- "$results" 2>/dev/null
        if [ ! -d "$results" ] || [ ! -w "$results" ]; then
            die 125 "cannot use $results for results; name a folder that can be written to"
        fi
        results=$(realpath -e -- "$results") || exit 125
    fi
}

# quote WORD...: each as a single shell word, whatever bytes it has.
quote() {
    local word separator=''
    for word; do
        printf "%s'%s'" "$separator" "${word//\'/\'\\\'\'}"
        separator=' '
    done
}

# collect_job PATH...: sets what the guest's init is told of this run: job_folder, job_kept, job_environment and job_words.
# The PATHs are for the command to find, besides those that every command needs.
collect_job() {
    local LC_ALL=C path variable
    local -A kept=()
    job_folder=$(pwd -P) || job_folder=/
    job_kept=() job_environment=()
    # shellcheck disable=SC2154 # set by the script
    for path in "$job_folder" "$here" "$cache" "$@" "${command[@]}"; do
        # The topmost folder below the mount that covers it; when that is a link, what it leads to as well.
        while [[ $path =~ ^(/tmp|/run)/[^/]+ && -e $path ]]; do
            path=${BASH_REMATCH[0]}
            [ -z "${kept[$path]:-}" ] || break
            kept[$path]=1
            job_kept+=("$path")
            [ ! -L "$path" ] || path=$(readlink -f -- "$path")
        done
    done
    for variable in HOME TERM NO_COLOR "${!CCM_LAB_@}"; do
        [ -z "${!variable+set}" ] || job_environment+=("$variable=${!variable}")
    done
    # A user's PATH may lack the folders of root's tools.
    # shellcheck disable=SC2154 # set by the script
    job_environment+=("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
        "CCM_LAB_IN_VM=1" "CCM_LAB_FABRIC=${me#scripts/}" "CCM_LAB_CLOCK=$clock" "CCM_LAB_RESULTS=/run/ccm-lab/results" "CCM_LAB_CACHE=$cache")
    # shellcheck disable=SC2034 # read by the script
    job_words=("${command[@]}")
}

# seconds_since TIME, in hundredths.
seconds_since() {
    local micros=$((${EPOCHREALTIME/./} - ${1/./}))
    printf '%d.%02d' $((micros / 1000000)) $((micros % 1000000 / 10000))
}
