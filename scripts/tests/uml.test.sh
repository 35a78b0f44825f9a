#!/usr/bin/env bash
# scripts/uml: what it refuses, what a command finds in the guest, that a run can be repeated, and what remains on the host.

# shellcheck disable=SC2016 # conditions are for expect to evaluate, commands for the guest
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

uml=$scripts/uml
# Folders of runs that this test starts go here, so that it can tell them from anybody else's.
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
left_over() { ls -A "$TMPDIR"; }
# The processes of a machine are in its run's folder.
machines() {
    local process folder
    for process in $(pgrep -x linux; pgrep -x uml-userspace; pgrep -x socat); do
        folder=$(readlink "/proc/$process/cwd")
        [[ $folder != "$TMPDIR/ccm-lab-uml"* ]] || echo "$process"
    done
}
nothing_remains='[ -z "$(left_over)$(machines)" ]'

# Refusals, before anything is started.
try "$uml"
expect 'refuses to run nothing' status 64 err 'no command'
try "$uml" --check true
expect 'refuses a command with --check' status 64 err 'runs no command'
try "$uml" --timeout soon -- true
expect 'refuses a timeout that is no number' status 64 err "not 'soon'"
try "$uml" --hang 0 -- true
expect 'refuses to call everything a hang' status 64 err "not '0'"
try "$uml" --memory 64 -- true
expect 'refuses too little memory' status 64 err 'too little'
try "$uml" --seed 18446744073709551616 -- true
expect 'refuses a seed that is too great' status 64 err 'below 2^64'
try "$uml" --seed -1 -- true
expect 'refuses a seed that is no number' status 64 err "not '-1'"
try "$uml" --door "$scratch" -- true
expect 'refuses a door in virtual time' status 64 err 'needs --real-time'
try "$uml" --results
expect 'refuses an option without its value' status 64 err 'needs a value'
try env CCM_LAB_UML_KERNEL=/nonexistent "$uml" -- true
expect 'refuses a kernel that is not there' status 125 err 'CCM_LAB_UML_KERNEL: there is no User-Mode Linux kernel at /nonexistent'
try env -u CCM_LAB_UML_KERNEL CCM_LAB_CACHE="$scratch/empty" "$uml" -- true
expect 'without a kernel names scripts/setup' status 125 err 'scripts/setup' holds '[ ! -e "$scratch/empty" ]'
try env PATH="$(few_tools realpath flock)" bash "$uml" -- true
expect 'without setpriv names its package' status 125 err 'package util-linux'
try env PATH="$(few_tools realpath flock setpriv busybox)" bash "$uml" --real-time --door "$scratch" -- true
expect 'without socat there is no door' status 125 err 'package socat'

kernel=$(realpath "${CCM_LAB_UML_KERNEL:-${CCM_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ccm-lab}/uml/current}")
if ! "$uml" --check >/dev/null 2>&1; then
    skip 'running commands' "there is no kernel, or it lacks something; see scripts/uml --check"
    echo '# end'
    exit
fi
try "$uml" --results /proc/results -- true
expect 'refuses a results folder that cannot be written' status 125 err '/proc/results'
try "$uml" --console /nonexistent/console -- true
expect 'refuses a console file that cannot be written' status 125 err '/nonexistent/console'
try "$uml" --real-time --door /nonexistent -- true
expect 'refuses a door in a folder that is not there' status 125 err '/nonexistent'
try "$uml" --memory 9999999 -- true
expect 'refuses more memory than there is room for' status 125 err '/dev/shm has' err '--memory less than 9999999'
expect 'a refusal leaves nothing' holds "$nothing_remains"

# Folders that are no kernel, or not quite.
for lacking in linux entropy.so init; do
    mkdir "$scratch/lacks-$lacking"
    for file in linux entropy.so init; do
        [ "$file" = "$lacking" ] || cp "$kernel/$file" "$scratch/lacks-$lacking/"
    done
    try env CCM_LAB_UML_KERNEL="$scratch/lacks-$lacking" "$uml" -- true
    expect "refuses a kernel folder without $lacking" status 125 err "$lacking"
done
mkdir "$scratch/another" && cp "$kernel"/{entropy.so,init} "$scratch/another/" && cp /bin/true "$scratch/another/linux"
try env CCM_LAB_UML_KERNEL="$scratch/another" "$uml" -- true
expect 'a program that is no kernel does not come up' status 125 err "$scratch/another/linux did not come up" err scripts/setup
mkdir "$scratch/broken" && cp "$kernel"/{linux,init} "$scratch/broken/" && echo broken >"$scratch/broken/entropy.so"
try env CCM_LAB_UML_KERNEL="$scratch/broken" "$uml" -- true
expect 'without its entropy a run does not pass for one that repeats' status 125 err 'entropy.so cannot be loaded'
cp "$kernel/entropy.so" "$scratch/broken/" && cp /bin/true "$scratch/broken/init"
try env CCM_LAB_UML_KERNEL="$scratch/broken" "$uml" -- true
expect 'an init that is none is a crash' status 125 err 'guest: '
expect 'and nothing of all this remains' holds "$nothing_remains"

# What comes back.
try "$uml" -- sh -c 'echo to stdout; echo to stderr >&2; exit 7'
expect 'passes on status and both streams, apart' status 7 \
    holds '[ "$out" = "to stdout"$'\''\n'\'' ]' holds '[ "$err" = "to stderr"$'\''\n'\'' ]'
try "$uml" -- no-such-command
expect 'a command that is not there is 127' status 127 err no-such-command
try "$uml" -- /etc/passwd
expect 'one that is no program is 126' status 126 err /etc/passwd
try "$uml" -- sh -c 'kill -KILL $$'
expect 'a command that was killed is 128 and the signal' status 137
try "$uml" -- sh -c 'exec >&- 2>&-; sleep 1; exit 3'
expect 'one that closes its streams first is waited for' status 3 silent
try "$uml" -- printf '<%s>' 'two words' "it's \"quoted\" \$HOME \`x\` \\" $'new\nline' '' '*' $'\xff\x01'
expect 'arguments arrive as they are' status 0 \
    holds '[ "$out" = "<two words><it'\''s \"quoted\" \$HOME \`x\` \\><new"$'\''\n'\''"line><><*><"$'\''\xff\x01>'\'' ]'
try "$uml" -- seq 300000
expect 'long output arrives whole' status 0 holds '[ "$(md5sum <"$scratch/out")" = "$(seq 300000 | md5sum)" ]'
try "$uml" -- sh -c 'seq -s, 200000; seq -s, 100000 >&2'
expect 'so does a very long line' status 0 holds '[ "$(md5sum <"$scratch/out")" = "$(seq -s, 200000 | md5sum)" ]' \
    holds '[ "$(md5sum <"$scratch/err")" = "$(seq -s, 100000 | md5sum)" ]'
try sh -c '"$@" | od -c' sh "$uml" -- printf 'a\0b\r\n\3\4\21\23\32'
expect 'bytes that mean something to terminals arrive as they are' \
    holds '[ "$out" = "$(printf "a\0b\r\n\3\4\21\23\32" | od -c)"$'\''\n'\'' ]'
try "$uml" -- sh -c 'sleep 100000 & (trap "" TERM HUP INT; exec setsid sleep 100000) & echo over'
expect 'what a command leaves running ends with it' status 0 out over holds "$nothing_remains"
try "$uml" -- sh -c 'sleep 1 & exec >&- 2>&-; exit 4'
expect 'also when that alone holds the streams' status 4
mapfile -t many < <(seq 3000)
try "$uml" -- sh -c 'echo $# ${3000}' sh "${many[@]}"
expect 'many arguments arrive' status 0 out '3000 3000'

# What a command finds. One boot for all of it; every line is a fact.
results=$scratch/results
marker=$scratch/written-by-the-guest
beacon=$scripts/.written-by-the-guest
cat >"$scratch/look" <<'LOOK'
echo "uid $(id -u), in $(pwd), stdin $(wc -c), locked $(ulimit -l), $(nproc) processor, umask $(umask)"
echo "clock $CCM_LAB_CLOCK, vm $CCM_LAB_IN_VM, fabric $CCM_LAB_FABRIC, kernel $CCM_LAB_KERNEL_BUILD, results $CCM_LAB_RESULTS"
echo "x ${CCM_LAB_X-} y ${Y-}, processes $(ls -d /proc/[0-9]* | wc -l)"
ls /dev/infiniband/rdma_cm /dev/fd/0 /dev/shm /dev/pts/ptmx /proc/self/status >/dev/null && echo 'devices are there'
echo again >/dev/stderr && echo again >/dev/stdout
[ "$(cat /sys/class/net/lo/operstate)" = unknown ] && echo 'loopback is up'
echo guest >"$1" && echo guest >"$2" && [ "$(cat "$2")" = guest ] && echo 'can write anywhere'
[ "$(readlink "$3")" = "$4" ] && cat "$3/fact"
echo kept >$CCM_LAB_RESULTS/kept
a=$(date +%s%N) && sleep 0.0001 && [ $(($(date +%s%N) - a)) -lt 1000000 ] && echo 'timers are fine'
mount | grep -c ' /sys/fs/cgroup type cgroup2 ' | sed 's/1/control groups are there/'
LOOK
sha256sum "$uml" >"$scratch/sums"
mkdir "$scratch/target" && echo 'links are followed' >"$scratch/target/fact"
link=/tmp/ccm-lab-test.$$
ln -s "$scratch/target" "$link"
(umask 027 && Y=1 CCM_LAB_X=1 exec "$uml" --results "$results" --console "$scratch/console" -- \
    sh "$scratch/look" "$marker" "$beacon" "$link" "$scratch/target") >"$scratch/looked" 2>&1
try cat "$scratch/looked"
rm -f "$link"
expect 'runs as root in the same folder, with nothing on stdin' out "uid 0, in $PWD, stdin 0"
expect 'has the limits of a plain host, and the umask of the caller' out 'locked 8192, 1 processor, umask 0027'
expect 'has its environment and CCM_LAB_ variables, and no other' out 'clock virtual, vm 1, fabric uml, kernel 7.' \
    out 'results /run/ccm-lab/results'$'\n' out 'x 1 y ,'
expect 'has its devices' out 'devices are there' holds '[ "$(grep -c again "$scratch/out")" -eq 2 ]'
expect 'has loopback' out 'loopback is up'
expect 'has fine timers and control groups' out 'timers are fine' out 'control groups are there'
expect 'a path by way of a link is there' out 'links are followed'
expect 'writes to the file system do not reach the host' out 'can write anywhere' \
    holds '[ ! -e "$marker" ] && [ ! -e "$beacon" ] && sha256sum --quiet -c "$scratch/sums"'
expect 'results do' holds '[ "$(cat "$results/kept")" = kept ]'
expect 'the console is kept' holds '[ -s "$scratch/console" ]'
strange="$scratch/a folder, of: \$strange \"name\\"
mkdir "$strange"
try env -C "$strange" "$uml" --results "$strange/res,ults" -- sh -c 'pwd; echo x >$CCM_LAB_RESULTS/x'
expect 'folders may have strange names' status 0 out "$strange" holds '[ "$(cat "$strange/res,ults/x")" = x ]'
mkdir "$strange/kernel" && cp "$kernel"/{linux,entropy.so,init} "$strange/kernel/"
try env TMPDIR="$strange" CCM_LAB_UML_KERNEL="$strange/kernel" CCM_LAB_CACHE="$strange/cache" "$uml" -- echo strange
expect 'so may those of temporary files, of the cache and of the kernel' status 0 out strange err ''
try "$uml" --check
expect '--check finds nothing missing' status 0 out 'has all that the lab needs'

# Virtual time, and what can be repeated.
try "$uml" -- sh -c 'read -r a _ </proc/uptime; sleep 36000; read -r b _ </proc/uptime; echo "$a $b"'
expect 'virtual time skips idle time' status 0 holds 'awk "{ exit !(\$2 - \$1 >= 36000 && \$2 - \$1 < 36001) }" "$scratch/out"'
cat >"$scratch/moments" <<'MOMENTS'
date +%s.%N; cat /proc/uptime; head -c 64 /dev/urandom | od -An -tx1; cat /proc/sys/kernel/random/uuid
(sleep 0.1; echo one) & (sleep 0.1; echo two) & wait; date +%s.%N; mktemp -u; bash -c 'echo $RANDOM $$'
ip netns add x && ip -n x link add name y type veth peer name z && ip -n x -o link
scripts/fabric up >/dev/null && ip -n ccm-a -o address && cat /proc/sys/kernel/random/boot_id; date +%s.%N
MOMENTS
moments=(sh "$scratch/moments")
try "$uml" -- "${moments[@]}"
cp "$scratch/out" "$scratch/first"
expect 'a run tells the time' status 0 out 1767225600.
# same CONDITION: what was tried last printed what the first run did.
same='cmp -s "$scratch/out" "$scratch/first"'
try "$uml" -- "${moments[@]}"
expect 'another run is the same to the nanosecond' status 0 holds "$same"
try "$uml" --seed 1 --timeout 100 --hang 10 --results "$results" --console "$scratch/console" --verbose -- "${moments[@]}"
expect 'also with other options for the host' status 0 holds "$same"
try "$uml" --seed 2 -- "${moments[@]}"
expect 'another seed is another run' status 0 holds "! $same" \
    holds '[ "$(sed -n 3p "$scratch/out")" != "$(sed -n 3p "$scratch/first")" ]'
mkdir -p "$scratch/another folder/tmp" "$scratch/kernel"
cp "$kernel"/{linux,entropy.so,init} "$scratch/kernel/"
try env TMPDIR="$scratch/another folder/tmp" CCM_LAB_CACHE="$scratch/cache" CCM_LAB_UML_KERNEL="$scratch/kernel" "$uml" -- "${moments[@]}"
expect 'the same with all files in other folders' status 0 holds "$same"
other=$(mktemp -d /tmp/ccm-lab-test.XXXXXX)
try "$uml" -- "${moments[@]}" "$other" /run/lock
expect 'the same with more paths to be found' status 0 holds "$same"
rmdir "$other"
busy=()
for _ in 1 2 3 4; do
    (while :; do :; done) &
    busy+=($!)
done
try "$uml" -- "${moments[@]}"
kill "${busy[@]}"
wait "${busy[@]}" 2>/dev/null
expect 'the same on a busy host' status 0 holds "$same"
"$uml" -- "${moments[@]}" >"$scratch/one" 2>/dev/null &
one=$!
try "$uml" -- "${moments[@]}"
wait $one
expect 'the same for two at once' status 0 holds "$same" holds 'cmp -s "$scratch/one" "$scratch/first"'
try "$uml" --real-time -- sh -c 'date +%s; sleep 1; date +%s; nproc; echo $CCM_LAB_CLOCK'
expect 'real time is the time of the host' status 0 out real \
    holds 'read -r date <"$scratch/out"; ((date > EPOCHSECONDS - 60 && date <= EPOCHSECONDS))'
ended=0
for _ in 1 2 3 4 5 6; do
    "$uml" --real-time --timeout 20 -- sh -c 'true | cat; sleep 0.01; exit 9'
    [ $? -ne 9 ] || ended=$((ended + 1))
done
try echo $ended
expect 'machines in real time end, too' out 6

# Bounded, and nothing remains.
try "$uml" --timeout 2 -- sh -c 'echo begun; while sleep 1; do :; done'
expect 'time that is up is 124' status 124 out begun err 'the time was up after 2 s' holds "$nothing_remains"
try "$uml" --real-time --timeout 2 -- sh -c 'while :; do :; done'
expect 'in real time, too' status 124 err 'the time was up after 2 s' holds "$nothing_remains"
try "$uml" --hang 1 -- sh -c 'echo begun; cp /bin/sh "/tmp/my spinner"; exec "/tmp/my spinner" -c "while :; do :; done"'
expect 'a program that spins is found out, and named' status 124 out begun \
    err 'the guest hangs: the program my spinner (process ' err '--hang' holds "$nothing_remains"
try "$uml" --hang 1 -- sh -c 'mkfifo /tmp/pipe; echo begun; cat /tmp/pipe'
expect 'so is a guest in which nothing is due any more' status 124 out begun err 'waits for a time any more' \
    holds "$nothing_remains"
try "$uml" --hang 1 -- sh -c 'for i in 1 2 3 4; do sleep 100000; done; echo slept'
expect 'sleep is no hang' status 0 out slept
try "$uml" --hang 1 --timeout 60 -- sh -c 'i=0; while [ $i -lt 400 ]; do i=$((i + 1)); /bin/true; done; echo worked'
expect 'work is none either' status 0 out worked
try "$uml" -- sh -c 'echo begun; sleep 0.1; echo c >/proc/sysrq-trigger; sleep 1000'
expect 'a guest that crashes is 125, with its last words' status 125 out begun err 'stopped by itself' \
    err 'guest: Kernel panic - not syncing: sysrq triggered crash' holds "$nothing_remains" holds '[[ $err != *"Aborted"* ]]'
try "$uml" -- sh -c 'busybox poweroff -f; sleep 1000'
expect 'so is one that is switched off' status 125 err 'stopped by itself' holds "$nothing_remains"
# Its init is protected by the kernel; that ends when it is killed from outside.
try "$uml" -- sh -c 'kill -KILL 1; kill -TERM 1; echo lives on'
expect 'its init is not to be killed by the command' status 0 out 'lives on'

endless='echo begun; while sleep 1000; do :; done'
# run_until CONDITION SIGNAL COMMAND...: starts it, and sends the signal as soon as the condition holds.
run_until() {
    local condition=$1 signal=$2
    shift 2
    # In the background a shell would have it ignore SIGINT; env restores the default.
    env --default-signal=INT "$@" >"$scratch/out" 2>"$scratch/err" &
    local process=$!
    soon "$condition" || kill -KILL $process
    kill -"$signal" $process
    wait $process 2>/dev/null
    status=$?
    out=$(cat "$scratch/out") err=$(cat "$scratch/err")
}
run_until 'grep -q begun "$scratch/out"' INT "$uml" -- sh -c "$endless"
expect 'SIGINT ends it: no machine, no folder' status 130 holds "$nothing_remains"
run_until '[ -n "$(machines)" ]' TERM "$uml" -- sh -c "$endless"
expect 'so does SIGTERM while the guest comes up' status 143 holds "$nothing_remains"
run_until '[ -n "$(left_over)" ]' HUP "$uml" -- sh -c "$endless"
expect 'and SIGHUP at its very beginning' status 143 holds "$nothing_remains"
run_until 'grep -q begun "$scratch/out"' KILL "$uml" -- sh -c "$endless"
expect 'so does SIGKILL' status 137 holds "soon '$nothing_remains'"
run_until '[ -n "$(machines)" ]' KILL "$uml" -- sh -c "$endless"
expect 'also while the guest comes up' holds "soon '$nothing_remains'"
# With all that it has started, as the host's own shutdown does.
setsid "$uml" -- sh -c "$endless" >"$scratch/killed" 2>&1 &
killed=$!
soon 'grep -qs begun "$scratch/killed"'
kill -KILL -- -$killed
wait $killed 2>/dev/null
expect 'when all of it is killed at once the machine ends' holds 'soon "[ -z \"\$(machines)\" ]"'
expect 'but its folder is left' holds '[ -n "$(left_over)" ]'
try "$uml" -- true
expect 'which the next run removes' status 0 holds '[ -z "$(left_over)" ]'
"$uml" -- sh -c "$endless" >"$scratch/killed" 2>&1 &
killed=$!
soon 'grep -q begun "$scratch/killed"'
# The kernel's process and all programs of the guest.
for process in $(machines); do kill -KILL "$process" 2>/dev/null; done
wait $killed
status=$? out='' err=$(cat "$scratch/killed")
expect 'a kernel that somebody kills is 125' status 125 err 'stopped by itself' holds "soon '$nothing_remains'"

# At every moment: later and later.
others=''
for signal in INT TERM KILL; do
    for ((moment = 0; moment < 30; moment++)); do
        env --default-signal=INT "$uml" -- sh -c 'echo begun; sleep 1; exit 5' >"$scratch/out" 2>"$scratch/err" &
        process=$!
        sleep "$(printf '0.%03d' $((moment * 7)))"
        kill -$signal $process 2>/dev/null
        wait $process 2>/dev/null
        case $signal-$? in INT-130 | TERM-143 | KILL-137 | *-5) ;; *) others+=" $signal-$?" ;; esac
        [ $signal = KILL ] || [ -z "$(left_over)" ] || others+=" $signal after $moment: $(left_over)"
        soon "$nothing_remains" || others+=" $signal after $moment: $(left_over) $(machines)"
    done
done
try echo "$others"
expect 'a signal at any moment leaves nothing' holds '[ -z "$others" ]'

# Who comes by the door while a command runs.
mkdir "$scratch/door"
# comes_to CONSOLE TEXT END: what is heard there after that text, up to the end.
comes_to() {
    /usr/bin/python3 -c '
import socket, sys
door, text, end = sys.argv[1:]
console = socket.socket(socket.AF_UNIX)
console.settimeout(60)
console.connect(door)
console.sendall(text.encode())
heard = b""
while end.encode() not in heard:
    more = console.recv(4096)
    if not more:
        sys.exit("it hung up")
    heard += more
print(heard.decode())' "$scratch/door/$1" "$2" "$3"
}
if ! command -v socat >/dev/null || ! /usr/bin/python3 -c ''; then
    skip 'the door' 'it needs socat, and this test python3'
else
    opened='ip netns add ccm-a && echo open && until [ -s /run/endless ]; do sleep 0.2; done; echo endless; exec sleep 100000'
    "$uml" --real-time --door "$scratch/door" -- sh -c "$opened" >"$scratch/opened" 2>&1 &
    machine=$!
    soon 'grep -q open "$scratch/opened" && [ -S "$scratch/door/commands" ] && [ -S "$scratch/door/shell-a" ]'
    try comes_to commands $'word echo hello; exit 3\n' $'\nhello'
    expect 'a command that comes by the door is answered with length and status' status 0 out 'word 6 3' out hello
    try comes_to commands $'word echo $$ >/run/endless; exec sleep 100000\n' $'word\n'
    expect 'one that does not end is left' status 0 holds 'soon "grep -q endless \"\$scratch/opened\""'
    try comes_to commands $'next sleep 0.5; grep -qs "^State:.[^ZX]" /proc/$(cat /run/endless)/status || echo ended\n' $'\nended'
    expect 'and ends when somebody else comes' status 0 out 'next 6 0'
    try comes_to commands $'word sleep 100000 & echo $! >/run/kept\n' $'word 0 0\n'
    try comes_to commands $'next kill -0 $(cat /run/kept) && echo goes on\n' $'\ngoes on'
    expect 'what an answered one has left running goes on' status 0 out 'next 8 0'
    try comes_to shell-a $'30 90 dumb\nstty size; ip netns identify $$; exit\n' $'\036'
    expect 'a shell is on a terminal of the size that was said, in the namespace' status 0 out '30 90' out ccm-a
    try comes_to shell-a $'31 91 dumb\nstty size; exit\n' $'\036'
    expect 'so is the next' status 0 out '31 91'
    comes_to shell-b $'30 90 dumb\n' 'what nobody says' >"$scratch/visitor" 2>&1 &
    # shellcheck disable=SC2034 # used below
    visitor=$!
    sleep 0.5
    kill $machine
    wait $machine
    soon '! kill -0 $visitor 2>/dev/null'
    try cat "$scratch/visitor"
    expect 'who is inside at the end of the machine hears of it' out 'it hung up'
    try comes_to commands $'word true\n' x
    expect 'when the machine is gone nobody answers' status 1 err 'Error' holds "$nothing_remains" \
        holds '[ -z "$(ls "$scratch/door")" ]'
    "$uml" --real-time --door "$scratch/door" -- sh -c "$opened" >"$scratch/opened" 2>&1 &
    machine=$!
    soon 'grep -q open "$scratch/opened" && [ -S "$scratch/door/shell-b" ]'
    comes_to shell-b $'30 90 dumb\n' 'what nobody says' >/dev/null 2>&1 &
    sleep 0.5
    kill -KILL $machine
    wait $machine 2>/dev/null
    expect 'SIGKILL leaves nothing behind the door' holds "soon '$nothing_remains'" holds 'soon "[ -z \"\$(ls \"\$scratch/door\")\" ]"'
    mkdir "$scratch/door/shell-a"
    try "$uml" --real-time --door "$scratch/door" -- echo runs
    expect 'a door that cannot be opened does not end the command' status 0 out runs
    rmdir "$scratch/door/shell-a"
fi

# With file systems of its own: no room, or no programs.
# with_mount FOLDER OPTIONS COMMAND...: with a new file system in memory at the folder, that the command alone sees.
with_mount() {
    unshare -m sh -c 'mount -t tmpfs -o "$2" small "$1" && shift 2 && exec "$@"' sh "$@"
}
mkdir "$scratch/small"
if ! with_mount "$scratch/small" size=1m true 2>/dev/null; then
    skip 'full file systems' 'only root can mount one'
else
    try with_mount /dev/shm size=64m,noexec "$uml" -- echo elsewhere
    expect 'where /dev/shm is small and holds no programs the memory is elsewhere' status 0 out elsewhere
    try with_mount /dev/shm noexec "$uml" -- echo elsewhere
    expect 'where it is large and holds none, too' status 0 out elsewhere
    try unshare -m sh -c 'for f in /dev/shm /tmp /var/tmp "$1"; do mount --bind "$f" "$f" 2>/dev/null; done
        mount -t tmpfs -o size=64m small /dev/shm
        for f in /tmp /var/tmp "$1"; do mount -o remount,bind,noexec "$f"; done
        shift; exec "$@"' sh "$TMPDIR" env CCM_LAB_CACHE=/dev/shm/cache CCM_LAB_UML_KERNEL="$kernel" "$uml" -- true
    expect 'where there is no room at all it says what is wrong with each folder' status 125 err '/dev/shm has 6' \
        err '/tmp is mounted noexec' err '--memory'
    try with_mount "$scratch/small" size=1m "$uml" --results "$scratch/small" -- \
        sh -c 'head -c 4M /dev/zero >$CCM_LAB_RESULTS/x || echo "status $?"'
    expect 'results that do not fit are the command'\''s trouble' status 0 out 'status 1' err 'No space left'
    try with_mount "$scratch/small" size=1m env TMPDIR="$scratch/small" "$uml" -- seq 1000000
    expect 'output that does not fit is an error' status 125 err 'No space left on device'
    # The guest's memory, where another takes the room that there was.
    try with_mount /dev/shm size=200m "$uml" --memory 180 -- true
    expect 'a memory folder may be small' status 0
    try with_mount /dev/shm size=200m sh -c '"$@" & sleep 1; head -c 300M /dev/zero >/dev/shm/other; wait $!' sh \
        "$uml" --memory 180 -- sh -c 'sleep 0.01; while :; do head -c 3000000 /dev/zero >>/tmp/x; done'
    expect 'and when it is full the machine ends' status 125 err 'stopped by itself'
fi
try sh -c '"$@" >/dev/full' sh "$uml" -- echo x
expect 'output that cannot be printed is an error' status 125 err 'cannot print'

# Another user, without a cache to write to.
chmod 755 "$scratch"
if [ "$UID" -eq 0 ] && as_nobody test -r "$uml" && as_nobody test -x "$scratch/kernel/linux"; then
    export CCM_LAB_UML_KERNEL=$scratch/kernel
    install -d -o 65534 "$TMPDIR" "$scratch/theirs"
    try as_nobody "$uml" --results "$scratch/theirs" -- \
        sh -c 'id -u; echo x >$CCM_LAB_RESULTS/x; cat "$1" || echo unreadable' sh /etc/shadow
    expect 'needs no root here, is root there, and reads what its user may' status 0 out 0 out unreadable \
        holds '[ "$(stat -c %u "$scratch/theirs/x")" = 65534 ]'
    chmod 644 "$scratch/moments"
    try as_nobody "$uml" -- "${moments[@]}"
    expect 'the same to the nanosecond as another user' status 0 holds "$same"
    expect 'who leaves nothing either' holds "$nothing_remains"
    try setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
        env HOME=/nonexistent "$uml" -- "${moments[@]}"
    expect 'the same without any capability' status 0 holds "$same"
    try as_nobody unshare -Ur "$uml" -- "${moments[@]}"
    expect 'the same in a container' status 0 holds "$same"
else
    skip 'running as another user' 'only root can become another user, who must be able to read this folder'
fi

echo '# end'
