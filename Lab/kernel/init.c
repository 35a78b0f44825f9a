/* PID 1 of the lab's User-Mode Linux: makes the root that a command finds, runs the command, and ends the machine.
 *
 * It is one process and starts nothing but the command, because a fork costs this kernel's host milliseconds, and a lab
 * run boots a machine of its own. scripts/uml puts it into the initramfs as /init, statically linked.
 *
 * The job is the file `job` in the folder of the run: records that end with a NUL byte, each led by a letter:
 *   d FOLDER     where the command starts          u MODE       its umask, in octal
 *   e NAME=VALUE its environment                   a WORD       the command and its arguments
 *   k PATH       of the host, although a fresh mount covers the folder that it is in
 *   n NAME=PATH  of the host, found at /run/ccm-lab/NAME as well, wherever it lies
 *   o WORD       a program beside the command, and its arguments: it lets somebody in
 *
 * The kernel's consoles are files of the host. tty1 takes lines for scripts/uml ("start", then "exit N" or "fail WHY"),
 * tty2 is the command's stdout, tty3 its stderr.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/random.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RUN "/run/ccm-lab"

enum { MOST_WORDS = 4096 };

static struct {
    const char *folder;
    mode_t umask;
    char *environment[MOST_WORDS + 1];
    char *words[MOST_WORDS + 1];
    char *door[MOST_WORDS + 1];
    char *kept[MOST_WORDS];
    char *named[MOST_WORDS];
    size_t environment_count, word_count, door_count, kept_count, named_count;
} job = { .folder = "/", .umask = 022 };

static void end_machine(void)
{
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

/* Says a line to scripts/uml. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    int console = open("/dev/tty1", O_WRONLY | O_NOCTTY);
    va_list arguments;

    va_start(arguments, format);
    vdprintf(console, format, arguments);
    va_end(arguments);
    close(console);
}

#define FAIL(format, ...)                                                             \
    do {                                                                              \
        say("fail " format " (%s)\n", ##__VA_ARGS__, strerror(errno));                \
        end_machine();                                                                \
    } while (0)

static void do_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options)
{
    if (mount(source, target, type, flags, options))
        FAIL("%s does not mount at %s", type ? type : source, target);
}

static void make_folder(const char *path, mode_t mode)
{
    if (mkdir(path, mode) && errno != EEXIST)
        FAIL("cannot make %s", path);
}

/* Bytes leave a console as they are written. */
static void make_raw(const char *console)
{
    struct termios settings;
    int descriptor = open(console, O_RDWR | O_NOCTTY);

    if (descriptor < 0 || tcgetattr(descriptor, &settings))
        FAIL("%s is not there", console);
    cfmakeraw(&settings);
    if (tcsetattr(descriptor, TCSANOW, &settings))
        FAIL("%s takes no settings", console);
    close(descriptor);
}

static void bring_loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0 || ioctl(descriptor, SIOCSIFFLAGS, &request))
        FAIL("the loopback interface does not come up");
    close(descriptor);
}

static char *whole_file(const char *path, size_t *length)
{
    struct stat status;
    char *bytes;
    ssize_t count;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0 || fstat(descriptor, &status))
        FAIL("there is no %s", path);
    *length = (size_t)status.st_size;
    bytes = malloc(*length + 1);
    if (!bytes)
        FAIL("no memory for %s", path);
    for (size_t read_so_far = 0; read_so_far < *length; read_so_far += (size_t)count) {
        count = read(descriptor, bytes + read_so_far, *length - read_so_far);
        if (count <= 0)
            FAIL("cannot read %s", path);
    }
    bytes[*length] = 0;
    close(descriptor);
    return bytes;
}

static void add(char **list, size_t *count, char *word)
{
    errno = E2BIG;
    if (*count == MOST_WORDS)
        FAIL("the job has more than %d words of a kind", MOST_WORDS);
    list[(*count)++] = word;
}

static void read_job(void)
{
    size_t length;
    char *bytes = whole_file("/job/job", &length);

    for (char *record = bytes; record < bytes + length; record += strlen(record) + 1) {
        char *value = record + 1;

        switch (record[0]) {
        case 'd': job.folder = value; break;
        case 'u': job.umask = (mode_t)strtoul(value, NULL, 8); break;
        case 'e': add(job.environment, &job.environment_count, value); break;
        case 'a': add(job.words, &job.word_count, value); break;
        case 'k': add(job.kept, &job.kept_count, value); break;
        case 'n': add(job.named, &job.named_count, value); break;
        case 'o': add(job.door, &job.door_count, value); break;
        default:
            errno = EINVAL;
            FAIL("the job has a record that begins with “%c”", record[0]);
        }
    }
    errno = EINVAL;
    if (!job.word_count)
        FAIL("the job names no command");
}

/* What the host has at a path, by a name that is the same wherever it lies. */
static void give_name(char *record)
{
    char below[PATH_MAX], above[PATH_MAX];
    char *path = strchr(record, '=');
    struct stat status;

    errno = EINVAL;
    if (!path)
        FAIL("“%s” is no NAME=PATH", record);
    *path++ = 0;
    if (snprintf(below, sizeof below, "/below%s", path) >= (int)sizeof below ||
        snprintf(above, sizeof above, "/new" RUN "/%s", record) >= (int)sizeof above || stat(below, &status))
        FAIL("cannot find %s", path);
    if (S_ISDIR(status.st_mode))
        make_folder(above, 0755);
    else
        close(open(above, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    do_mount(below, above, NULL, MS_BIND, NULL);
}

/* What the host has at this path, right below /tmp or /run, although a fresh mount covers that folder. */
static void keep(const char *path)
{
    char below[PATH_MAX], above[PATH_MAX];
    struct stat status;

    if (snprintf(below, sizeof below, "/below%s", path) >= (int)sizeof below ||
        snprintf(above, sizeof above, "/new%s", path) >= (int)sizeof above || lstat(below, &status))
        FAIL("cannot keep %s", path);
    if (S_ISLNK(status.st_mode)) {
        char target[PATH_MAX] = "";

        /* What it leads to has a record of its own, where it needs one. */
        if (readlink(below, target, sizeof target - 1) < 0 || (symlink(target, above) && errno != EEXIST))
            FAIL("cannot keep the link %s", path);
        return;
    }
    if (S_ISDIR(status.st_mode))
        make_folder(above, 0755);
    else
        close(open(above, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    do_mount(below, above, NULL, MS_BIND, NULL);
}

/* The host's files below a scratch layer, with fresh mounts over what stays the host's. */
static void make_root(void)
{
    static const char *const fresh[] = { "proc", "sys", "dev", "run", "tmp" };
    static const char *const links[][2] = { { "/proc/self/fd", "/new/dev/fd" },
                                            { "/proc/self/fd/0", "/new/dev/stdin" },
                                            { "/proc/self/fd/1", "/new/dev/stdout" },
                                            { "/proc/self/fd/2", "/new/dev/stderr" } };
    char path[64];

    make_folder("/host", 0755);
    make_folder("/scratch", 0755);
    make_folder("/new", 0755);
    make_folder("/below", 0755);
    do_mount("host", "/host", "hostfs", MS_RDONLY, "/");
    do_mount("scratch", "/scratch", "tmpfs", 0, "mode=755,size=75%");
    make_folder("/scratch/upper", 0755);
    make_folder("/scratch/work", 0755);
    do_mount("overlay", "/new", "overlay", 0, "lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work");
    /* /below shows what the fresh mounts cover. */
    do_mount("/new", "/below", NULL, MS_BIND, NULL);
    for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++) {
        snprintf(path, sizeof path, "/new/%s", fresh[i]);
        make_folder(path, 0755);
    }
    do_mount("run", "/new/run", "tmpfs", 0, "mode=755");
    do_mount("tmp", "/new/tmp", "tmpfs", 0, "mode=1777");
    do_mount("/proc", "/new/proc", NULL, MS_MOVE, NULL);
    do_mount("/sys", "/new/sys", NULL, MS_MOVE, NULL);
    do_mount("/dev", "/new/dev", NULL, MS_MOVE, NULL);
    make_folder("/new/dev/pts", 0755);
    make_folder("/new/dev/shm", 01777);
    make_folder("/new/run/lock", 0755);
    do_mount("cgroup2", "/new/sys/fs/cgroup", "cgroup2", 0, NULL);
    do_mount("devpts", "/new/dev/pts", "devpts", 0, "gid=5,mode=620,ptmxmode=666");
    do_mount("shm", "/new/dev/shm", "tmpfs", 0, "mode=1777");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        (void)!symlink(links[i][0], links[i][1]);
    for (size_t i = 0; i < job.kept_count; i++)
        keep(job.kept[i]);
    make_folder("/new" RUN, 0755);
    make_folder("/new" RUN "/results", 0755);
    for (size_t i = 0; i < job.named_count; i++)
        give_name(job.named[i]);
    do_mount("results", "/new" RUN "/results", "hostfs", 0, "/proc/self/cwd/results");
    umount2("/below", MNT_DETACH);
    umount2("/job", MNT_DETACH);
    if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
        FAIL("cannot go over to the new root");
}

/* Starts a program with the command's environment, in its folder; input is empty. */
static pid_t start(char **words, int output, int error)
{
    pid_t child = fork();

    if (child)
        return child;
    /* A group of its own, as a shell would give it. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    close_range(3, ~0U, 0);
    umask(job.umask);
    if (chdir(job.folder)) {
        dprintf(STDERR_FILENO, "init: cannot enter %s: %s\n", job.folder, strerror(errno));
        _exit(125);
    }
    environ = job.environment;
    execvp(words[0], words);
    int status = errno == ENOENT ? 127 : 126;
    dprintf(STDERR_FILENO, "init: %s: %s\n", words[0], strerror(errno));
    _exit(status);
}

/* What passes from the command to a console. */
struct stream {
    int from, to;
};

static struct stream open_stream(const char *console, int *command_end)
{
    int ends[2];
    struct stream stream = { .to = open(console, O_WRONLY | O_NOCTTY | O_CLOEXEC) };

    if (stream.to < 0 || pipe2(ends, O_CLOEXEC))
        FAIL("%s cannot be opened", console);
    stream.from = ends[0];
    *command_end = ends[1];
    return stream;
}

static void write_all(int descriptor, const char *bytes, size_t length)
{
    while (length) {
        ssize_t count = write(descriptor, bytes, length);

        if (count < 0 && errno != EINTR && errno != EAGAIN)
            FAIL("the command's output cannot be passed on");
        if (count > 0) {
            bytes += count;
            length -= (size_t)count;
        }
    }
}

/* Reaps who has ended; true when the command is among them. */
static int reap(pid_t command, int *status)
{
    int has_ended = 0, code;
    pid_t pid;

    while ((pid = waitpid(-1, &code, WNOHANG)) > 0)
        if (pid == command) {
            *status = WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
            has_ended = 1;
        }
    return has_ended;
}

static void on_child(int number) { (void)number; }

/* Passes on what the command writes until it has ended, with all that it has left running. */
static int follow(pid_t command, struct stream *streams)
{
    struct pollfd polled[2] = { { .fd = streams[0].from, .events = POLLIN },
                                { .fd = streams[1].from, .events = POLLIN } };
    sigset_t none;
    int status = 125, has_ended = 0;
    static char buffer[65536];

    sigemptyset(&none);
    for (;;) {
        if (reap(command, &status)) {
            has_ended = 1;
            /* What the command left running ends with it, as in any container, and lets go of the streams. */
            kill(-1, SIGKILL);
            /* The streams may have ended before: then there is nothing to wait for. */
            continue;
        }
        /* The streams can end first: nothing would come to wait for. */
        if (has_ended && polled[0].fd < 0 && polled[1].fd < 0)
            return status;
        /* Signals come only while this waits. */
        if (ppoll(polled, 2, NULL, &none) < 0)
            continue;
        for (int i = 0; i < 2; i++) {
            ssize_t count;

            if (polled[i].fd < 0 || !polled[i].revents)
                continue;
            count = read(polled[i].fd, buffer, sizeof buffer);
            if (count > 0)
                write_all(streams[i].to, buffer, (size_t)count);
            else if (count == 0 || errno != EINTR)
                polled[i].fd = -1;
        }
    }
}

/* What came before took more or less time, and more or fewer random numbers, as more or fewer paths were kept. In virtual
 * time the command always starts at the same moment, and with a fresh random number generator, which knows nothing of what
 * was drawn from it. So it does the same in any folder. */
static void start_evenly(void)
{
    struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
    int source;

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
    source = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (source < 0 || ioctl(source, RNDRESEEDCRNG))
        FAIL("the random number generator takes no new seed");
    close(source);
}

int main(void)
{
    static char kernel_build[sizeof(struct utsname)] = "CCM_LAB_KERNEL_BUILD=";
    struct utsname system;
    struct stream streams[2];
    int output, error, status;
    sigset_t child;
    pid_t command;

    mkdir("/proc", 0755), mkdir("/sys", 0755), mkdir("/dev", 0755), mkdir("/job", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    make_raw("/dev/tty1"), make_raw("/dev/tty2"), make_raw("/dev/tty3");
    say("start\n");
    bring_loopback_up();
    sethostname("ccm-lab", 7);
    /* The folder in which scripts/uml started the kernel, whatever it is called. */
    do_mount("job", "/job", "hostfs", MS_RDONLY, "/proc/self/cwd/job");
    read_job();
    make_root();
    uname(&system);
    snprintf(kernel_build + strlen(kernel_build), sizeof kernel_build - strlen(kernel_build), "%s %s", system.release,
             system.version);
    add(job.environment, &job.environment_count, kernel_build);

    streams[0] = open_stream("/dev/tty2", &output);
    streams[1] = open_stream("/dev/tty3", &error);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    signal(SIGCHLD, on_child);
    if (job.door_count)
        start(job.door, output, error);
    start_evenly();
    command = start(job.words, output, error);
    close(output);
    close(error);
    status = follow(command, streams);
    sync();
    say("exit %d\n", status);
    end_machine();
}
