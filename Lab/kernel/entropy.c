/* Preloaded into the process of a User-Mode Linux kernel: all the entropy that the host would give it comes from a
 * seed instead, so that the kernel, and whatever runs on it, draws the same random numbers each time.
 *
 * CCM_LAB_ENTROPY_SEED holds the seed, in decimal digits. Without it, or with anything else in it, the process ends at
 * once with status 2: a run that looks reproducible and is not would be worse than none.
 *
 * The numbers come from SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). They are not meant to be secret.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char variable[] = "CCM_LAB_ENTROPY_SEED";
static uint64_t state;

__attribute__((constructor)) static void take_seed(void)
{
    static const char complaint[] = "entropy.so: CCM_LAB_ENTROPY_SEED must hold a seed in decimal digits\n";
    const char *text = getenv(variable);
    char *end = NULL;

    errno = 0;
    state = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno) {
        (void)!write(STDERR_FILENO, complaint, sizeof complaint - 1);
        _exit(2);
    }
    /* Both stay in the environment: the kernel executes itself once more, to be rid of address randomization. */
}

static uint64_t next(void)
{
    uint64_t z = (state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* getrandom(2), which arch/um asks for the random number generator's first seed. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
    unsigned char *bytes = buffer;

    (void)flags;
    for (size_t i = 0; i < length; i += sizeof(uint64_t)) {
        uint64_t word = next();

        memcpy(bytes + i, &word, length - i < sizeof word ? length - i : sizeof word);
    }
    return (ssize_t)length;
}

/* The host's random devices are not there. */
static int is_random_device(const char *path)
{
    return !strcmp(path, "/dev/random") || !strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/hwrng");
}

static int open_as(const char *name, const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...);

    if (is_random_device(path)) {
        errno = ENOENT;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, name);
    return real(path, flags, mode);
}

#define OPEN(function)                                                  \
    int function(const char *path, int flags, ...)                      \
    {                                                                   \
        mode_t mode = 0;                                                \
                                                                        \
        if (flags & (O_CREAT | O_TMPFILE)) {                            \
            va_list arguments;                                          \
                                                                        \
            va_start(arguments, flags);                                 \
            mode = va_arg(arguments, mode_t);                           \
            va_end(arguments);                                          \
        }                                                               \
        return open_as(#function, path, flags, mode);                   \
    }

OPEN(open)
OPEN(open64)
