# shellcheck shell=sh
# What the scripts of this folder share. Sourced, never run; plain POSIX sh, because scripts/fabric runs in a guest
# where every process costs milliseconds.
#
# A script sets `me` to its name before it sources this file: every message begins with it.

# The oldest kernel whose Soft-RoCE keeps one UDP socket per network namespace. Before it the kernel owned a single
# socket in the initial namespace: links could be made elsewhere, and then received nothing.
# shellcheck disable=SC2034 # read by the scripts that source this file
rxe_netns_since=7.1

say() { printf '%s: %s\n' "${me:?}" "$*" >&2; }

# die STATUS SENTENCE...: one sentence of what is wrong, then what to do about it.
die() {
    _status=$1
    shift
    say "$@"
    exit "$_status"
}

# usage_error SENTENCE: a command line that makes no sense. 64 is EX_USAGE, apart from every status with a meaning here.
usage_error() { die 64 "$*; see '$me --help'"; }

# print_help FILE: the comment block at the top of a script is its help text, so that the two cannot drift apart.
print_help() { sed -n '2,/^[^#]/ { /^#/ s/^# \{0,1\}//p; }' "$1"; }

# The folder for everything that can be made again: kernels, boot files, notes about the host.
cache_folder() {
    if [ -n "${CCM_LAB_CACHE:-}" ]; then
        printf '%s\n' "$CCM_LAB_CACHE"
    elif [ -n "${XDG_CACHE_HOME:-}" ]; then
        printf '%s\n' "$XDG_CACHE_HOME/ccm-lab"
    else
        printf '%s\n' "${HOME:?is not set, and neither is CCM_LAB_CACHE}/.cache/ccm-lab"
    fi
}

# version_at_least RELEASE MINIMUM: compares major.minor of a kernel release such as 7.3.4+deb13-amd64.
version_at_least() {
    _major=${1%%.*}
    _rest=${1#*.}
    _minor=${_rest%%[!0-9]*}
    case $_major$_minor in '' | *[!0-9]*) return 1 ;; esac
    [ "$_major" -gt "${2%%.*}" ] || { [ "$_major" -eq "${2%%.*}" ] && [ "$_minor" -ge "${2#*.}" ]; }
}

# open_kernel PATH: sets kernel_image, kernel_release and kernel_modules from a folder that holds a kernel, or sets
# kernel_fault to what it lacks and returns 1. Known shapes: ours (vmlinuz, lib/modules/RELEASE), an unpacked Debian
# package (usr/lib/modules/RELEASE/vmlinuz or boot/vmlinuz-RELEASE) and an installation (`/`).
open_kernel() {
    kernel_image='' kernel_release='' kernel_modules='' kernel_fault=''
    for _tree in "$1/lib/modules" "$1/usr/lib/modules"; do
        for _folder in "$_tree"/*/; do
            [ -e "$_folder/kernel" ] || continue
            if [ -n "$kernel_release" ] && [ "$_tree/${kernel_release}" != "${_folder%/}" ]; then
                kernel_fault="$1 holds more than one kernel under lib/modules; give a folder with exactly one"
                return 1
            fi
            kernel_modules=${_folder%/}
            kernel_release=${kernel_modules##*/}
        done
        [ -z "$kernel_release" ] || break
    done
    if [ -z "$kernel_release" ]; then
        kernel_fault="$1 is no kernel folder: it must hold lib/modules/VERSION/kernel and a vmlinuz"
        return 1
    fi
    for _image in "$1/vmlinuz" "$kernel_modules/vmlinuz" "$1/boot/vmlinuz-$kernel_release"; do
        if [ -f "$_image" ]; then
            kernel_image=$_image
            break
        fi
    done
    if [ -z "$kernel_image" ]; then
        kernel_fault="$1 holds modules for $kernel_release but no vmlinuz (neither there, nor in boot/, nor in lib/modules/$kernel_release/)"
        return 1
    fi
    if [ ! -f "$kernel_modules/modules.dep" ]; then
        kernel_fault="$kernel_modules has no modules.dep; make it with: depmod -b ${kernel_modules%/lib/modules/*} $kernel_release"
        return 1
    fi
}

# open_uml_kernel PATH: checks that a folder holds a User-Mode Linux kernel, with what is preloaded into it; or sets
# kernel_fault to what it lacks and returns 1.
open_uml_kernel() {
    kernel_fault=''
    if [ ! -e "$1/" ]; then
        kernel_fault="there is no User-Mode Linux kernel at $1"
    elif [ ! -f "$1/linux" ] || [ ! -x "$1/linux" ]; then
        kernel_fault="$1 holds no User-Mode Linux kernel: expected the program 'linux' in it"
    elif [ ! -f "$1/entropy.so" ]; then
        kernel_fault="$1 lacks entropy.so, which makes the kernel's random numbers repeat"
    elif [ ! -x "$1/init" ]; then
        kernel_fault="$1 lacks init, the guest's first program"
    else
        return 0
    fi
    return 1
}
