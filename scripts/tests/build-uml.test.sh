#!/usr/bin/env bash
# scripts/lib/build-uml, and what scripts/setup does with User-Mode Linux: with a stand-in for the kernel's source, for make
# and for scripts/uml, in a checkout and a cache folder of its own. No kernel is built.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck disable=SC2034,SC2154 # conditions read what is set here, and the harness sets what is read
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

for tool in gcc flex bison bc xz dpkg-deb; do
    command -v $tool >/dev/null && continue
    skip 'the build of User-Mode Linux' "$tool is missing; scripts/setup installs it"
    echo '# end'
    exit
done

unset CCM_LAB_KERNEL CCM_LAB_UML_KERNEL
export CCM_LAB_CACHE=$scratch/cache
cache=$CCM_LAB_CACHE
checkout=$scratch/checkout
tools=$scratch/tools
mkdir -p "$checkout/scripts/lib" "$checkout/Lab/kernel" "$tools" "$cache/kernels"
cp "$scripts/setup" "$checkout/scripts/"
cp "$scripts/lib/"{common.sh,attended.sh,uml-kernel.sh,build-uml} "$checkout/scripts/lib/"
cp "$scripts/../Lab/kernel/"{entropy.c,init.c} "$checkout/Lab/kernel/"
printf '%s\n' '# A reason.' CONFIG_WANTED=y 'CONFIG_CHANNEL="null"' '# CONFIG_UNWANTED is not set' >"$checkout/Lab/kernel/uml.config"
build=$checkout/scripts/lib/build-uml
cat >"$checkout/scripts/uml" <<'END'
#!/bin/sh
[ "$*" = --check ] && [ -x "$CCM_LAB_UML_KERNEL/linux" ] && [ -x "$CCM_LAB_UML_KERNEL/init" ] || exit 64
if [ -e "${0%/*}/faulty" ]; then
    echo 'the kernel has no veth pairs' >&2
    exit "$(cat "${0%/*}/faulty")"
fi
END
# Makes five objects, and says in `made` which. `slow`: it takes a while. `full`, `drop`: what goes wrong.
cat >"$tools/make" <<'END'
#!/bin/sh
here=${0%/*}
for word; do case $word in O=*) objects=${word#O=} ;; esac; target=$word; done
echo $$ >"$here/pid"
case $target in
    tinyconfig) echo 'CONFIG_UNWANTED=y' >"$objects/.config" ;;
    olddefconfig)
        [ -e "$here/drop" ] || sed -i '/UNWANTED/d' "$objects/.config"
        [ ! -e "$here/drop" ] || sed -i '/_WANTED=y/d' "$objects/.config"
        ;;
    linux)
        [ "$KBUILD_BUILD_HOST$KBUILD_BUILD_USER$CFLAGS" = ccm-labccm-lab ] || exit 3
        for number in 1 2 3 4 5; do
            [ ! -e "$objects/$number.o" ] || continue
            [ ! -e "$here/slow" ] || sleep 1
            : >"$objects/$number.o"
            echo $number >>"$here/made"
        done
        if [ -e "$here/full" ]; then
            echo 'as: write error: No space left on device' >&2
            exit 2
        fi
        mkdir -p "$objects/include/config" && echo 9.9.1 >"$objects/include/config/kernel.release"
        cp /bin/true "$objects/linux"
        ;;
esac
END
chmod +x "$checkout/scripts/uml" "$tools/make"
PATH=$tools:$PATH
export CFLAGS=-nonsense

# fetched: the package of the source is in the cache.
fetched() { mkdir -p "$cache/uml/source" && cp "$scratch/linux-source-9.9.deb" "$cache/uml/source/linux-source-9.9_9.9.1-1_all.deb"; }
tree=$scratch/source/linux-source-9.9
mkdir -p "$tree/scripts/kconfig" "$tree/drivers/gpu" "$scratch/deb/DEBIAN" "$scratch/deb/usr/src"
: >"$tree/Makefile" && : >"$tree/drivers/gpu/Kconfig" && : >"$tree/drivers/gpu/large.c"
printf '#!/bin/sh\ncat "$3" >>"$2"\n' >"$tree/scripts/kconfig/merge_config.sh"
chmod +x "$tree/scripts/kconfig/merge_config.sh"
tar -C "$scratch/source" -cJf "$scratch/deb/usr/src/linux-source-9.9.tar.xz" linux-source-9.9
printf '%s\n' 'Package: linux-source-9.9' 'Version: 9.9.1-1' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
    'Description: a stand-in' >"$scratch/deb/DEBIAN/control"
dpkg-deb --build --root-owner-group "$scratch/deb" "$scratch/linux-source-9.9.deb" >/dev/null

try "$build"
expect 'without a source it names scripts/setup' status 1 err 'scripts/setup fetches it'

fetched
: >"$tools/drop"
try "$build"
expect 'an option that does not come true is named' status 1 err CONFIG_WANTED err CONFIG_UNWANTED err Lab/kernel/uml.config \
    holds '[[ $err != *CHANNEL* ]]' holds '[ ! -e "$cache/uml/current" ]'
rm "$tools/drop"

: >"$tools/slow"
# Ctrl-C is for processes that are not in the background.
set -m
"$build" >"$scratch/out" 2>"$scratch/err" &
builder=$!
set +m
soon 'compgen -G "$cache/uml/build-*/objects/2.o" >/dev/null'
kill -INT $builder
wait $builder
status=$? out='' err=$(<"$scratch/err")
expect 'interrupted: ends, and make with it' status 130 holds '! kill -0 "$(<"$tools/pid")" 2>/dev/null' \
    holds '[ -z "$(ls -A "$cache/uml" | grep -v -e "^build-" -e "^source$" -e "^.lock$")" ]'
expect 'leaves out what is never built, and keeps what make reads' holds '[ -e "$cache/uml"/build-*/tree/drivers/gpu/Kconfig ]' \
    holds '! compgen -G "$cache/uml/build-*/tree/drivers/gpu/large.c" >/dev/null'
rm "$tools/slow"
: >"$tools/full"
try "$build"
expect 'a full disk is named, with the remedy' status 1 err 'the disk is full' err CCM_LAB_CACHE err 'going on'
rm "$tools/full"
printf 1 >"$checkout/scripts/faulty"
try "$build"
expect 'a kernel that lacks something does not come into use' status 1 err 'no veth pairs' \
    holds '[ ! -e "$cache/uml/current" ]' holds '! compgen -G "$cache/uml/.new*"'
rm "$checkout/scripts/faulty"
try "$build"
expect 'the next run goes on, and builds nothing twice' status 0 err 'going on' err 'Linux 9.9.1 of linux-source-9.9 9.9.1-1' \
    holds '[ "$(tr "\n" " " <"$tools/made")" = "1 2 3 4 5 " ]'
key=$(readlink "$cache/uml/current")
expect 'the kernel is whole, and what it was built from is gone' holds '[ "$(ls -A "$cache/uml" | tr "\n" " ")" = ".lock $key current " ]' \
    holds '[ "$(ls "$cache/uml/$key" | tr "\n" " ")" = "SHA256SUMS config entropy.so init linux version " ]' \
    holds '[ "$(stat -c %a "$cache/uml/$key/linux")" = 755 ]'
expect 'the folder tells what it was built of' \
    holds 'grep -qx "source linux-source-9.9 9.9.1-1" "$cache/uml/$key/version"' holds 'grep -q "^compiler gcc " "$cache/uml/$key/version"'
try "$build"
expect 'a second run leaves it alone' status 0 err 'Linux 9.9.1 is there' holds '[ "$(wc -l <"$tools/made")" = 5 ]'
try "$checkout/scripts/setup" --check
expect 'scripts/setup --check sees it' holds 'grep -q "^uml kernel  *ok  *9.9.1" <<<"$out"'

rm "$cache/uml/current"
try "$build"
expect 'a kernel of the cache is found again' status 0 err 'Linux 9.9.1 is there' holds '[ "$(readlink "$cache/uml/current")" = "$key" ]'

echo '/* changed */' >>"$checkout/Lab/kernel/init.c"
try "$checkout/scripts/setup" --check
expect '--check sees that init changed' out 'another Lab/kernel/init.c'
try "$build"
expect 'only what goes with the kernel is compiled' status 0 err 'compiling what goes with it' \
    holds '[ "$(readlink "$cache/uml/current")" != "$key" ]' holds '[ "$(wc -l <"$tools/made")" = 5 ]'
other=$(readlink "$cache/uml/current")

touch -d '40 days ago' "$cache/uml/$key"
mkdir "$cache/uml/build-0123456789abcdef"
echo 'CONFIG_ANOTHER=y' >>"$checkout/Lab/kernel/uml.config"
try "$build"
expect 'another configuration needs the source' status 1 err 'scripts/setup fetches it'
fetched
try "$build"
expect 'and is built, and what nobody used for long is cleared' status 0 holds '[ "$(wc -l <"$tools/made")" = 10 ]' \
    holds '[ ! -e "$cache/uml/$key" ]' holds '[ -e "$cache/uml/$other" ]' holds '! compgen -G "$cache/uml/build-*"'
key=$(readlink "$cache/uml/current")

# damaged NAME WORDS: what is in the cache is seen to be damaged, and built anew.
damaged() {
    words=$2
    try "$checkout/scripts/setup" --check
    expect "--check: $1" status 1 holds 'grep -q "^uml kernel  *missing  *scripts/setup .*$words" <<<"$out"'
    fetched
    try "$build"
    expect "$1: built anew" status 0 err "$2" err 'is removed' holds '(cd "$cache/uml/$key" && sha256sum --check --status SHA256SUMS)'
}
echo >>"$cache/uml/$key/linux"
damaged 'a kernel that was changed' 'is damaged'
rm "$cache/uml/$key/init"
damaged 'a kernel that lost a file' 'lacks init'
rm "$cache/uml/$key/version"
damaged 'a kernel that lost its description' 'is damaged'

printf '#!/bin/sh\ncase $1 in -dumpfullversion) echo 99.1 ;; *) exec "%s" "$@" ;; esac\n' "$(command -v gcc)" >"$tools/gcc"
chmod +x "$tools/gcc"
try "$checkout/scripts/setup" --check
expect '--check names another compiler' status 1 out 'was built by gcc' out 'here is gcc 99.1'
fetched
try "$build"
expect 'another compiler builds another kernel' status 0 holds '[ "$(readlink "$cache/uml/current")" != "$key" ]' holds '[ -e "$cache/uml/$key" ]'
rm "$tools/gcc"
try "$build"
expect 'and goes back to the one of before' status 0 holds '[ "$(readlink "$cache/uml/current")" = "$key" ]'

rm -rf "$cache/uml"
fetched
truncate -s 1000 "$cache/uml/source"/*.deb
try "$build"
expect 'a damaged source is removed, and scripts/setup named' status 1 err 'was damaged' err 'scripts/setup' \
    holds '! compgen -G "$cache/uml/source/*.deb"' holds '! compgen -G "$cache/uml/build-*"'
fetched
: >"$tools/slow"
try script -qec "$build" /dev/null
expect 'a terminal gets one line that changes' status 0 holds '[[ $out = *$'"'\r'"'*"objects of about"* ]]'
rm "$tools/slow"
printf 125 >"$checkout/scripts/faulty"
rm -rf "$cache/uml"
fetched
try "$build"
expect 'where it does not boot, it is kept, and that is said' status 0 err 'does not boot here' holds '[ -e "$cache/uml/current/linux" ]'
rm "$checkout/scripts/faulty"
if [ "$UID" -eq 0 ] && mkdir "$scratch/small" && mount -t tmpfs -o size=16m small "$scratch/small" 2>/dev/null; then
    mkdir -p "$scratch/small/uml" && rm -rf "$cache/uml"
    fetched && cp -r "$cache/uml/source" "$scratch/small/uml/"
    try env CCM_LAB_CACHE="$scratch/small" "$build"
    umount "$scratch/small"
    expect 'refuses to begin where there is no room' status 1 err 'MiB left, and the build needs' err CCM_LAB_CACHE
else
    skip 'no room' 'only root can make a small file system'
fi

# What follows would install packages.
rm -rf "$cache/uml"
mkdir -p "$cache/kernels/9.3.1/lib/modules/9.3.1-test/kernel" "$scratch/given"
: >"$cache/kernels/9.3.1/vmlinuz"
: >"$cache/kernels/9.3.1/lib/modules/9.3.1-test/modules.dep"
ln -s 9.3.1 "$cache/kernels/current"
if "$scripts/setup" --check 2>/dev/null | grep -v -e '^swift' -e '^lab kernel' -e '^uml kernel' | grep -q ' missing '; then
    skip 'setup and User-Mode Linux' 'packages are missing, and this test would install them; run scripts/setup'
    echo '# end'
    exit
fi
setup=$checkout/scripts/setup
try "$setup" --no-uml
expect '--no-uml leaves it alone' status 0 holds '[ ! -e "$cache/uml" ]'
fetched
try "$setup" --fetch-only
expect '--fetch-only builds nothing' status 0 err 'scripts/lib/build-uml builds' holds '[ ! -e "$cache/uml/current" ]'
try "$setup"
expect 'scripts/setup builds it' status 0 err 'User-Mode Linux 9.9.1' holds '[ -e "$cache/uml/current/linux" ]'

cp /bin/true "$scratch/given/linux"
printf 1 >"$checkout/scripts/faulty"
try "$setup" --uml-kernel "$scratch/given"
expect '--uml-kernel refuses one that lacks something' status 1 err 'no veth pairs' err 'of no use here' \
    holds '[[ "$(readlink "$cache/uml/current")" != *given* ]]'
rm "$checkout/scripts/faulty"
try "$setup" --uml-kernel "$scratch/given"
expect '--uml-kernel compiles what is missing, and remembers it' status 0 holds '[ -x "$cache/uml/current/init" ]' \
    holds '[ "$(realpath "$cache/uml/current/linux")" = "$(realpath "$scratch/given/linux")" ]' holds '[ "$(ls "$scratch/given")" = linux ]'
echo '/* changed again */' >>"$checkout/Lab/kernel/init.c"
before=$(readlink "$cache/uml/current")
try "$setup"
expect 'and compiles it again when it changes' status 0 holds '[ "$(readlink "$cache/uml/current")" != "$before" ]' \
    holds '[ "$(realpath "$cache/uml/current/linux")" = "$(realpath "$scratch/given/linux")" ]'
cp "$cache/uml/current/"{init,entropy.so} "$scratch/given/"
try "$setup" --uml-kernel "$scratch/given"
expect '--uml-kernel takes a whole one as it is' status 0 holds '[ "$(readlink "$cache/uml/current")" = "$scratch/given" ]'
(cd "$scratch/given" && sha256sum linux >SHA256SUMS && echo >>linux)
try "$setup" --uml-kernel "$scratch/given"
expect '--uml-kernel refuses a damaged one' status 1 err 'is damaged'

echo '# end'
