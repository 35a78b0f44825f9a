# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what the scripts set and read
# The User-Mode Linux kernels in the cache folder: how they are named, found and looked through. Sourced, never run, by
# scripts/setup and lib/build-uml, behind lib/common.sh; `here` is the folder of scripts, `cache` the cache folder.
#
#   uml/KEY/         a kernel: linux, what goes with it (entropy.so, init), the file `version`, which says what of and by
#                    what it was made, its configuration, and SHA256SUMS. KEY follows from what it is made of and by.
#   uml/given-NAME/  what goes with a kernel elsewhere that lacks it, and a link to its linux
#   uml/current      a link to the one in use: KEY, given-NAME, or a folder elsewhere
#   uml/source/      Debian's package of the kernel's source, until it is built
#   uml/build-KEY/   its unpacked source and object files, until it is built

# To be raised when lib/build-uml makes another kernel of the same source and configuration.
uml_recipe=1
uml_sources=$here/../Lab/kernel

# compiler_version: prints which gcc this is; false without one.
compiler_version() {
    local version machine
    version=$(gcc -dumpfullversion 2>/dev/null) && machine=$(gcc -dumpmachine 2>/dev/null) || return 1
    echo "gcc $version $machine"
}

digest_of() {
    local digest
    digest=$(sha256sum <"$1") && echo "${digest%% *}"
}

# kernel_ingredients SOURCE: prints what `linux` is made of and by, a line for each. SOURCE is a package and its version.
kernel_ingredients() {
    local compiler
    compiler=$(compiler_version) || return 1
    printf '%s\n' "source $1" "compiler $compiler" "recipe $uml_recipe" "uml.config $(digest_of "$uml_sources/uml.config")"
}

# helper_ingredients: the same of what goes with it.
helper_ingredients() {
    printf '%s\n' "entropy.c $(digest_of "$uml_sources/entropy.c")" "init.c $(digest_of "$uml_sources/init.c")"
}

# key_of SOURCE: prints the name of the kernel's folder.
key_of() {
    local ingredients
    ingredients=$(kernel_ingredients "$1" && helper_ingredients) || return 1
    sha256sum <<<"$ingredients" | cut -c 1-16
}

# recorded FOLDER NAME: prints what the file `version` says of it.
recorded() { sed -n "s/^$2 //p" "$1/version" 2>/dev/null; }

# whole_kernel FOLDER: true when everything is there as it was made; or sets kernel_fault.
whole_kernel() {
    open_uml_kernel "$1" || return 1
    [ -f "$1/SHA256SUMS" ] || return 0
    (cd "$1" && sha256sum --check --status --strict SHA256SUMS) 2>/dev/null && return 0
    kernel_fault="the kernel in $1 is damaged: its files are not those of its SHA256SUMS"
    return 1
}

# made_of FOLDER INGREDIENTS: true when the file `version` says nothing else; or sets kernel_fault.
made_of() {
    local name now before
    while read -r name now; do
        before=$(recorded "$1" "$name")
        case $before in "$now" | '') continue ;; esac
        case $name in
            compiler) kernel_fault="the kernel in $1 was built by $before, and here is $now" ;;
            recipe) kernel_fault="the kernel in $1 was built in another way than scripts/lib/build-uml does now" ;;
            *) kernel_fault="the kernel in $1 was built of another Lab/kernel/$name" ;;
        esac
        return 1
    done <<<"$2"
}

# fresh_kernel FOLDER: true when it is what would be made here now; or sets kernel_fault.
fresh_kernel() {
    local source ingredients
    source=$(recorded "$1" source)
    if [ -z "$source" ] || [ ! -f "$1/SHA256SUMS" ]; then
        kernel_fault="the kernel in $1 does not say what it was made of"
        return 1
    fi
    if ! ingredients=$(kernel_ingredients "$source" && helper_ingredients); then
        kernel_fault="there is no gcc, to compare the kernel in $1 with"
        return 1
    fi
    made_of "$1" "$ingredients"
}

is_key() { [[ $1 =~ ^[0-9a-f]{16}$ ]]; }

# same_kernel: true with a whole kernel in the cache whose `linux` is what would be built here now, whatever goes with it;
# sets same to its folder.
same_kernel() {
    local folder source ingredients
    for folder in "$cache/uml"/*/; do
        same=${folder%/}
        is_key "${same##*/}" || continue
        source=$(recorded "$same" source)
        ingredients=$(kernel_ingredients "$source") || continue
        [ "$(grep -E '^(source|compiler|recipe|uml\.config) ' "$same/version")" = "$ingredients" ] || continue
        ! whole_kernel "$same" || return 0
    done
    return 1
}

# find_uml_kernel: true with a kernel for scripts/uml; sets uml_folder and uml_version, or kernel_fault to what is wrong.
find_uml_kernel() {
    local link
    uml_folder=${CCM_LAB_UML_KERNEL:-$cache/uml/current}
    if [ -z "${CCM_LAB_UML_KERNEL:-}" ] && [ ! -L "$uml_folder" ]; then
        kernel_fault="there is none in $cache"
        return 1
    fi
    whole_kernel "$uml_folder" || return 1
    if [ -z "${CCM_LAB_UML_KERNEL:-}" ]; then
        link=$(readlink "$uml_folder")
        # What is elsewhere, or came from there, somebody has chosen, whatever built it.
        case $link in
            /* | given-*) made_of "$uml_folder" "$(helper_ingredients)" || return 1 ;;
            *) fresh_kernel "$cache/uml/$link" || return 1 ;;
        esac
    fi
    uml_version=$(recorded "$uml_folder" release)
    uml_version=${uml_version:-(its version is not recorded)}
}

# chosen_kernel: prints the folder elsewhere that --uml-kernel named last; nothing when none is in use.
chosen_kernel() {
    local link
    link=$(readlink "$cache/uml/current")
    case $link in
        /*) echo "$link" ;;
        given-*) recorded "$cache/uml/$link" given ;;
    esac
}

has_linux() { [ -f "$1/linux" ] && [ -x "$1/linux" ]; }

# point_at NAME: makes it the kernel of scripts/uml from now on, in one step. NAME is a folder of uml/, or elsewhere.
point_at() {
    local link=$cache/uml/.new.link.$$.$RANDOM
    if ! { mkdir -p "$cache/uml" && ln -s "$1" "$link" && mv -T "$link" "$cache/uml/current"; } 2>/dev/null; then
        rm -f "$link"
        die 1 "cannot write to $cache/uml; CCM_LAB_CACHE names another folder"
    fi
}

# compile_helpers FOLDER: makes what goes with a kernel, there.
compile_helpers() {
    attended gcc -O2 -Wall -Wextra -shared -fPIC -o "$1/entropy.so" "$uml_sources/entropy.c" -ldl &&
        attended gcc -O2 -Wall -Wextra -static -o "$1/init" "$uml_sources/init.c"
}
