// Linux interfaces that Swift's Glibc module does not show or cannot import: headers that are missing there,
// variadic functions, and functions whose C signature differs from the documented one. Nothing else belongs
// here. Shims return 0 or -errno.
#pragma once
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

// Timers are not gathered: prctl(2), PR_SET_TIMERSLACK.
static inline int ccm_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0) == 0 ? 0 : -errno;
}

// What top(1) and /proc call the calling thread, in 15 bytes: prctl(2), PR_SET_NAME.
static inline void ccm_name_thread(const char *_Nonnull name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// No program started from here gains rights: prctl(2), PR_SET_NO_NEW_PRIVS.
static inline int ccm_set_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

// Raises the memory lock limit to infinity: setrlimit(2), RLIMIT_MEMLOCK.
static inline int ccm_lift_memory_lock_limit(void) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? 0 : -errno;
}

// The memory lock limit in bytes; UINT64_MAX for none: getrlimit(2), RLIMIT_MEMLOCK.
static inline uint64_t ccm_memory_lock_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return limit.rlim_cur;
}

// Every page is locked once it is touched: mlockall(2).
static inline int ccm_lock_memory_on_fault(void) {
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? 0 : -errno;
}

// The best nice value: setpriority(2).
static inline int ccm_set_nice(int nice) { return setpriority(PRIO_PROCESS, 0, nice) == 0 ? 0 : -errno; }

// What this process used so far: getrusage(2).
static inline void ccm_own_usage(struct rusage *_Nonnull usage) { getrusage(RUSAGE_SELF, usage); }

// The kernel sends this process a signal after so long, which may be SIGKILL or SIGSTOP: timer_create(2).
static inline int ccm_signal_self_after(int signal, uint64_t nanoseconds) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal};
    struct itimerspec span = {.it_value = {nanoseconds / 1000000000u, nanoseconds % 1000000000u}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return -errno;
    return timer_settime(timer, 0, &span, NULL) == 0 ? 0 : -errno;
}
