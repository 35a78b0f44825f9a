# shellcheck shell=dash
# shellcheck disable=SC2154,SC2086 # what init and the job set; a path of busybox has no white space
# What a guest of the lab is made of: the root that a command finds, the command itself, and the door. Sourced by lib/init
# (QEMU), and by lib/door (User-Mode Linux, whose init is Lab/kernel/init.c), in the guest; never run.
#
# Who sources it sets `b` to the busybox that was brought along and `answerer` to itself, and defines
#   fail WHY         gives up, with a reason
#   port NUMBER      prints a device: 1 takes lines for the host, 2 and 3 the command's stdout and stderr
#   console NUMBER   prints a device that somebody at the door talks to: 1 and 2 for shells, 3 for commands
#   over STATUS      ends the machine, once the command has ended with this status
#   enter COMMAND    becomes a command, in the folder and environment of the job

run=/run/ccm-lab

# assemble_root: makes /new what the command finds as its root: the host's files at /host below a scratch layer, with
# fresh mounts over what stays the host's.
assemble_root() {
    $b mkdir -p /scratch /new /below
    $b mount -t tmpfs -o mode=755,size=75% scratch /scratch
    $b mkdir /scratch/upper /scratch/work
    $b mount -t overlay -o lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work overlay /new ||
        fail 'the scratch overlay does not mount'
    # The host's /run, /tmp, /dev, /proc and /sys stay the host's. /below shows what the fresh mounts cover.
    $b mount --bind /new /below
    for folder in proc sys dev run tmp; do
        [ -d "/new/$folder" ] || $b mkdir "/new/$folder"
    done
    $b mount -t tmpfs -o mode=755 run /new/run
    $b mount -t tmpfs -o mode=1777 tmp /new/tmp
    $b mount --move /proc /new/proc
    $b mount --move /sys /new/sys
    $b mount --move /dev /new/dev
    $b mkdir -p /new/dev/pts /new/dev/shm /new/run/lock "/new$run/results"
    # Where a partner is kept from the processor, and from memory.
    $b mount -t cgroup2 cgroup2 /new/sys/fs/cgroup || fail 'cgroup v2 does not mount'
    $b mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /new/dev/pts
    $b mount -t tmpfs -o mode=1777 shm /new/dev/shm
    # udev would make these.
    for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
        $b ln -s "${link#*:}" "/new/dev/${link%%:*}"
    done
    kept_paths
}

# enter_root: goes on in there, with stage 2.
enter_root() {
    $b umount -l /below
    $b cp /bin/busybox /init /guest.sh /job.sh "/new$run/" || fail 'no room for the second stage'
    exec $b switch_root /new "$run/busybox" sh "$run/init" stage2 "$@"
}

# keep PATH: what the host has there, although a fresh mount covers the folder it is in.
keep() {
    if [ -L "/below$1" ]; then
        $b cp -d "/below$1" "/new$1" || fail "cannot keep the link $1"
        return
    elif [ -d "/below$1" ]; then
        $b mkdir -p "/new$1"
    else
        # A mount point for a file is a file.
        : >"/new$1"
    fi
    $b mount --bind "/below$1" "/new$1" || fail "cannot keep $1"
}

stage2() {
    $b mkfifo $run/out $run/err
    # The command writes into pipes, not into the ports themselves: a port cannot be opened twice, and programs do
    # open /dev/stderr.
    port=$(port 2)
    $b cat $run/out >"$port" &
    out=$!
    port=$(port 3)
    $b cat $run/err >"$port" &
    err=$!
    port=$(port 1)
    exec 3>"$port"
    if [ -n "$door" ]; then open_door 3>&-; fi
    echo start >&3
    (start) </dev/null >$run/out 2>$run/err 3>&-
    status=$?

    # What the command left running ends with it, as in any container, and lets go of the two pipes.
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        case $pid in 1 | "$out" | "$err" | "${guard:-}") continue ;; esac
        # A kernel thread has no executable.
        if $b readlink "$process/exe" >/dev/null; then kill -9 "$pid" 2>/dev/null; fi
    done
    wait $out $err
    $b sync
    over "$status" >&3
}

# open_door: lets in who comes to the consoles, as scripts/vm --help says.
open_door() {
    serve_shells a "$(console 1)" &
    serve_shells b "$(console 2)" &
    serve_commands "$(console 3)" &
}

# serve_shells PARTNER CONSOLE
serve_shells() {
    # Open all the time: what comes to a console that nobody has open is lost.
    exec 5<>"$2"
    $b stty -echo <&5
    while read -r rows columns term <&5; do
        $b stty sane rows "$rows" cols "$columns" <&5
        # By way of env(1): an applet of the name would come first.
        (enter "TERM=$term" $b setsid -c /usr/bin/env ip netns exec "ccm-$1" /bin/bash -i <&5 >&5 2>&1 5>&-)
        # The end of a session hangs its terminal up.
        exec 5<>"$2"
        $b stty -echo <&5
        printf '\036' >&5
    done
}

# serve_commands CONSOLE
serve_commands() {
    exec 5<>"$1"
    $b stty raw -echo <&5
    asked=''
    while read -r word line <&5; do
        # A console has room for one. So whoever comes before the answer comes after somebody who has left, and nobody
        # waits for that command any more. What a command that was answered has left running goes on.
        if [ -n "$asked" ]; then
            [ -e $run/answered ] || kill -9 "$asked" "-$asked" 2>/dev/null
            wait "$asked"
        fi
        # Another file each time: what was left running may still write.
        $b rm -f $run/answered $run/answer
        # In a session of its own, and so in a group that can be ended as one.
        $b setsid $b sh "$answerer" answer "$word" "$line" &
        asked=$!
    done
}

# answer WORD LINE: runs a command for whoever is at descriptor 5.
answer() {
    echo "$1" >&5
    (enter /bin/sh -c "$2") </dev/null >$run/answer 2>&1 5>&-
    status=$?
    echo "$1 $($b wc -c <$run/answer) $status" >$run/head
    : >$run/answered
    exec $b cat $run/head $run/answer >&5
}
