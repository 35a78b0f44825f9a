# shellcheck shell=sh
# A pair of partners for the checks that are no scenarios. Sourced in the microVM, after common.sh; sets `work` to a
# scratch folder, and `a` and `b` to the pids of the partners that run; `others` are ended with them.

[ -n "${CCM_LAB_IN_VM:-}" ] || die 2 "changes the kernel's state; run it in a machine: scripts/uml -- ${me:?} ..."
# shellcheck disable=SC2154 # `here` is set by whoever sources this
fabric=$here/../../fabric
work=$(mktemp -d) || exit
a='' b='' others=''

clean_up_pair() {
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$a$b$others" ] || kill $a $b $others 2>/dev/null
    wait
    "$fabric" down >/dev/null
    rm -rf "$work"
}

# configure FILE NAME NODE PARTNER-NODE ADDRESS PARTNER-ADDRESS
configure() {
    cat >"$work/$1.yaml" <<EOF
partner: $2
node: $3
partnerNode: $4
cluster: 5f0c7a52-9d4e-4c1b-8a53-1f2e3d4c5b6a
rail: { address: $5, partnerAddress: $6 }
boot: { storageOSLoading: 100ms, storageOSActive: 200ms }
EOF
}

# fact NAME: one word or number of partner a's state.
fact() {
    "${ccmd:?}" status --json --control "$work/a.sock" | sed -n "s/.*\"$1\":\"\{0,1\}\([A-Za-z0-9]*\).*/\1/p"
}

# await WHAT COMMAND...: until the command succeeds, for 20 s at most.
await() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || die 1 "waited in vain for $what; partner a's last line: $(tail -n 1 "$work/a.log")"
        sleep 0.1
    done
}

is_established() { [ "$(fact link)" = established ]; }

boot_a() {
    ip netns exec ccm-a "$ccmd" run --config "$work/a.yaml" --control "$work/a.sock" --events "$work/a.log" &
    a=$!
}

boot_b() {
    ip netns exec ccm-b "$ccmd" run --config "$work/b.yaml" --events "$work/b.log" &
    b=$!
}

start_pair() {
    "$fabric" up >/dev/null || exit 2
    configure a a 1 2 10.77.0.1 10.77.0.2
    configure b b 2 1 10.77.0.2 10.77.0.1
    boot_a
    boot_b
    await 'the pair to be established' is_established
    # The last records of the handshake and of the boot are written behind it.
    await 'both to be booted' grep -q storageOSActive "$work/a.log"
}
