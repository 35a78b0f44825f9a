#!/usr/bin/env bash
# scripts/vm: what it refuses, what a command finds in the guest, and what remains on the host when it is interrupted.

# shellcheck disable=SC2016 # conditions are for expect to evaluate, commands for the guest
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

vm=$scripts/vm
# Folders of runs that this test starts go here, so that it can tell them from anybody else's.
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
left_over() { ls -A "$TMPDIR"; }
# A QEMU names its run's folder on its command line.
machines() { pgrep -f "qemu-system-x86_64 .*$TMPDIR/ccm-lab-vm"; }

# Refusals, before anything is started.
try "$vm"
expect 'refuses to run nothing' status 64 err 'no command'
try "$vm" --timeout soon -- true
expect 'refuses a timeout that is no number' status 64 err "not 'soon'"
try "$vm" --memory 64 -- true
expect 'refuses too little memory' status 64 err 'too little'
try "$vm" --accel kvm --virtual-time -- true
expect 'refuses virtual time on KVM' status 64 err 'no virtual time'
try "$vm" --accel fast -- true
expect 'refuses an unknown accelerator' status 64 err "not 'fast'"
try "$vm" --results
expect 'refuses an option without its value' status 64 err 'needs a value'
try env CCM_LAB_KERNEL=/nonexistent "$vm" -- true
expect 'refuses a kernel that is not there' status 125 err 'CCM_LAB_KERNEL: /nonexistent is no kernel folder'
try env -u CCM_LAB_KERNEL CCM_LAB_CACHE="$scratch/empty" "$vm" -- true
expect 'without a kernel names scripts/setup' status 125 err 'scripts/setup' holds '[ ! -e "$scratch/empty" ]'
try env PATH="$(few_tools realpath busybox cpio xz)" bash "$vm" -- true
expect 'without QEMU names its package' status 125 err 'package qemu-system-x86'
try "$vm" --results /proc/results -- true
expect 'refuses a results folder that cannot be written' status 125 err '/proc/results'
try "$vm" --console /nonexistent/console -- true
expect 'refuses a console file that cannot be written' status 125 err '/nonexistent/console'
expect 'a refusal leaves nothing' holds '[ -z "$(left_over)" ]'

if ! "$scripts/setup" --check >/dev/null 2>&1; then
    skip 'running commands' "something is missing, see scripts/setup --check"
    echo '# end'
    exit
fi

# What comes back.
try "$vm" -- sh -c 'echo to stdout; echo to stderr >&2; exit 7'
expect 'passes on status and both streams, apart' status 7 out 'to stdout' err 'to stderr' \
    holds '[ "$out" = "to stdout"$'\''\n'\'' ]' holds '[[ $err != *stdout* ]]'
try "$vm" -- no-such-command
expect 'a command that is not there is 127' status 127 err no-such-command
try "$vm" -- sh -c 'kill -KILL $$'
expect 'a command that was killed is 128 and the signal' status 137
try "$vm" -- printf '<%s>' 'two words' "it's \"quoted\" \$HOME \`x\` \\" $'new\nline' '' '*' $'\xff\x01'
expect 'arguments arrive as they are' status 0 \
    holds '[ "$out" = "<two words><it'\''s \"quoted\" \$HOME \`x\` \\><new"$'\''\n'\''"line><><*><"$'\''\xff\x01>'\'' ]'
try "$vm" -- seq 300000
expect 'long output arrives whole' status 0 holds '[ "$(md5sum <"$scratch/out")" = "$(seq 300000 | md5sum)" ]'
try "$vm" -- sh -c 'sleep 100000 & echo over'
expect 'what a command leaves running ends with it' status 0 out over

# What a command finds. One boot for all of it; every line is a fact.
results=$scratch/results
marker=$scratch/written-by-the-guest
beacon=$scripts/.written-by-the-guest
cat >"$scratch/look" <<'EOF'
echo "uid $(id -u), in $(pwd), stdin $(wc -c), locked $(ulimit -l), $(nproc) processor"
echo "clock $CCM_LAB_CLOCK, vm $CCM_LAB_IN_VM, kernel $CCM_LAB_KERNEL_BUILD, results $CCM_LAB_RESULTS, x ${CCM_LAB_X-} y ${Y-}"
ls /dev/infiniband/rdma_cm /dev/fd/0 /dev/shm /dev/pts/ptmx /proc/self/status >/dev/null && echo 'devices are there'
echo again >/dev/stderr && echo again >/dev/stdout
for module in rdma_rxe ib_uverbs rdma_ucm veth sch_netem; do [ -d /sys/module/$module ] || echo "$module is not loaded"; done
modprobe dummy && [ -d /sys/module/dummy ] && echo 'modprobe works'
ip link add name x0 type ifb && echo 'modules load by themselves'
[ "$(cat /sys/class/net/lo/operstate)" = unknown ] && echo 'loopback is up'
echo guest >"$1" && echo guest >"$2" && [ "$(cat "$2")" = guest ] && echo 'can write anywhere'
echo kept >$CCM_LAB_RESULTS/kept
grep -c 'resolution: 1 nsecs' /proc/timer_list | sed 's/[1-9].*/timers are fine/'
EOF
sha256sum "$vm" >"$scratch/sums"
Y=1 CCM_LAB_X=1 try "$vm" --virtual-time --results "$results" --console "$scratch/console" -- sh "$scratch/look" "$marker" "$beacon"
expect 'runs as root in the same folder, with nothing on stdin' status 0 out "uid 0, in $PWD, stdin 0"
expect 'has the limits of a plain host' out 'locked 8192'
expect 'has its environment and CCM_LAB_ variables, and no other' out 'clock virtual, vm 1, kernel 7.' \
    out 'results /run/ccm-lab/results, x 1 y '$'\n'
expect 'has its devices' out 'devices are there' err again out again
expect 'has the modules of the lab' holds '[[ $out != *"is not loaded"* ]]' out 'modprobe works' out 'modules load by themselves'
expect 'has loopback' out 'loopback is up'
expect 'has fine timers' out 'timers are fine'
expect 'writes to the file system do not reach the host' out 'can write anywhere' \
    holds '[ ! -e "$marker" ] && [ ! -e "$beacon" ] && sha256sum --quiet -c "$scratch/sums"'
expect 'results do' holds '[ "$(cat "$results/kept")" = kept ]'
expect 'the console is kept' holds '[ -f "$scratch/console" ]'

# The two clocks.
try "$vm" --virtual-time -- sh -c 'read -r a _ </proc/uptime; sleep 3600; read -r b _ </proc/uptime; echo "$a $b"'
expect 'virtual time skips idle time' status 0 \
    holds 'awk "{ exit !(\$2 - \$1 >= 3600 && \$2 - \$1 < 3602) }" "$scratch/out"'
cp "$scratch/out" "$scratch/first"
try "$vm" --virtual-time -- sh -c 'read -r a _ </proc/uptime; sleep 3600; read -r b _ </proc/uptime; echo "$a $b"'
expect 'virtual time begins at the same moment' holds '[ "$(cut -d. -f1 "$scratch/first")" = "${out%%.*}" ]'
try "$vm" --real-time -- sh -c 'date +%s; nproc; echo $CCM_LAB_CLOCK'
expect 'real time is the time of the host' status 0 out real \
    holds 'read -r date <"$scratch/out"; ((date > EPOCHSECONDS - 60 && date <= EPOCHSECONDS))'

# Bounded, and nothing remains.
try "$vm" --timeout 6 -- sh -c 'echo begun; while :; do :; done'
expect 'time that is up is 124' status 124 err 'the time was up after 6 s' holds '[ -z "$(left_over)$(machines)" ]'
try "$vm" --timeout 60 -- sh -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 1000'
expect 'a guest that crashes is 125, with its last words' status 125 err 'stopped by itself' err 'guest: ' \
    holds '[ -z "$(left_over)$(machines)" ]'

busy='echo begun; while :; do :; done'
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
run_until 'grep -q begun "$scratch/out"' INT "$vm" -- sh -c "$busy"
expect 'SIGINT ends it: no machine, no folder' status 130 holds '[ -z "$(left_over)$(machines)" ]'
run_until '[ -n "$(machines)" ]' TERM "$vm" -- sh -c "$busy"
expect 'so does SIGTERM while the guest comes up' status 143 holds '[ -z "$(left_over)$(machines)" ]'
run_until '[ -n "$(left_over)" ]' TERM "$vm" -- sh -c "$busy"
expect 'and at its very beginning' status 143 holds '[ -z "$(left_over)$(machines)" ]'
run_until 'grep -q begun "$scratch/out"' KILL "$vm" -- sh -c "$busy"
expect 'SIGKILL ends the machine too' status 137 holds 'soon "[ -z \"\$(machines)\" ]"'
expect 'but leaves its folder' holds '[ -n "$(left_over)" ]'
try "$vm" -- true
expect 'which the next run removes' status 0 holds '[ -z "$(left_over)" ]'

# Who comes by the door while a command runs.
try "$vm" --door /nonexistent -- true
expect 'refuses a door in a folder that is not there' status 125 err '/nonexistent'
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
    heard += console.recv(4096)
print(heard.decode())' "$scratch/door/$1" "$2" "$3"
}
# Who is told that a command begins has not been told that it has done anything yet: the machine itself says so.
opened='ip netns add ccm-a && echo open && until [ -s /run/endless ]; do sleep 0.2; done; echo endless; exec sleep 100000'
"$vm" --door "$scratch/door" -- sh -c "$opened" >"$scratch/opened" 2>&1 &
machine=$!
soon 'grep -q open "$scratch/opened"' || soon 'grep -q open "$scratch/opened"'
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
kill $machine
wait $machine
try comes_to commands $'word true\n' x
expect 'when the machine is gone nobody answers' status 1 err 'Error' holds '[ -z "$(left_over)$(machines)" ]' \
    holds '[ -z "$(ls "$scratch/door")" ]'

"$vm" -- sh -c 'echo one' >"$scratch/one" 2>&1 &
one=$!
try "$vm" -- sh -c 'echo two'
wait $one
expect 'two at once do not meet' status 0 out two holds '[ "$(cat "$scratch/one")" = one ]'

# With a cache of its own: the first run, interrupted, and another user's.
kernel=$(realpath "${CCM_LAB_KERNEL:-${CCM_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ccm-lab}/kernels/current}")
export CCM_LAB_KERNEL=$kernel CCM_LAB_CACHE=$scratch/cache
run_until '[ -n "$(machines)" ]' INT "$vm" --virtual-time -- true
expect 'SIGINT while the image is made leaves no half image' status 130 holds '[ -z "$(left_over)$(machines)" ]' \
    holds '[ "$(find "$CCM_LAB_CACHE" -type f | sed "s|.*/||")" = initrd ]'
if [ "$UID" -eq 0 ] && as_nobody test -r "$vm"; then
    cp -rL "$kernel" "$scratch/kernel"
    chmod 755 "$scratch"
    rm -rf "$CCM_LAB_CACHE"
    install -d -o 65534 "$CCM_LAB_CACHE" "$TMPDIR" "$scratch/theirs"
    CCM_LAB_KERNEL=$scratch/kernel try as_nobody "$vm" --virtual-time --results "$scratch/theirs" -- \
        sh -c 'id -u; echo x >$CCM_LAB_RESULTS/x; cat "$1" || echo unreadable' sh /etc/shadow
    expect 'needs no root here, is root there, and reads what its user may' status 0 out 0 out unreadable \
        holds '[ "$(stat -c %u "$scratch/theirs/x")" = 65534 ]'
    printf broken >"$(find "$CCM_LAB_CACHE" -name 'machine-*')"
    CCM_LAB_KERNEL=$scratch/kernel try as_nobody "$vm" --virtual-time -- echo mended
    expect 'an image that cannot be read is made again' status 0 out mended
else
    skip 'running as another user' 'only root can become another user, who must be able to read this folder'
fi

echo '# end'
