// libibverbs and librdmacm for Swift, and the few things of them that Swift cannot reach by itself.
//
// Admission rule: a function may live here only if
//   - Swift binds another symbol than C does, because the header hides it behind a function-like macro
//     (ibv_query_port would bind the old ABI, ibv_reg_mr would lose the route for optional access flags), or
//   - glibc hides it from Swift, whose Glibc module is built without _GNU_SOURCE, or
//   - it needs a memory access that Swift has no word for (whole 8-byte words that another party reads or
//     writes at the same time).
// Everything else is called from Swift directly. Functions here are named ccm_..., return 0 or a value on
// success and -errno on failure, and leave the thread's errno to nobody.
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#pragma clang assume_nonnull begin

const char *_Nullable strerrorname_np(int number);
const char *_Nullable strerrordesc_np(int number);

// The symbolic name of an error number, "EINVAL" (strerrorname_np(3)); null for a number without one.
static inline const char *_Nullable ccm_error_name(int number)
{
    return strerrorname_np(number);
}

// The untranslated text of an error number (strerrordesc_np(3)); null for a number without one.
static inline const char *_Nullable ccm_error_text(int number)
{
    return strerrordesc_np(number);
}

// ibv_query_port(3).
static inline int ccm_query_port(struct ibv_context *context, uint8_t port, struct ibv_port_attr *attributes)
{
    return -ibv_query_port(context, port, attributes);
}

// ibv_reg_mr(3). Access flags are not a compile-time constant here, so this takes the route that knows the
// optional ones.
static inline int ccm_reg_mr(
    struct ibv_pd *domain, void *address, size_t length, unsigned int access,
    struct ibv_mr *_Nullable *_Nonnull region)
{
    errno = 0;
    *region = ibv_reg_mr(domain, address, length, access);
    if (*region)
        return 0;
    return errno ? -errno : -EIO;
}

// Stores `count` 8-byte words, lowest address first, each whole and each after everything stored before it.
// `words` must be aligned to 8 bytes; `source` need not be.
static inline void ccm_store_words(void *words, const void *source, size_t count)
{
    uint64_t *to = (uint64_t *)words;
    const unsigned char *from = (const unsigned char *)source;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        __builtin_memcpy(&word, from + 8 * i, 8);
        __atomic_store_n(to + i, word, __ATOMIC_RELEASE);
    }
}

// Loads `count` 8-byte words, lowest address first, each whole and each before everything loaded after it.
// `words` must be aligned to 8 bytes; `target` need not be.
static inline void ccm_load_words(const void *words, void *target, size_t count)
{
    const uint64_t *from = (const uint64_t *)words;
    unsigned char *to = (unsigned char *)target;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = __atomic_load_n(from + i, __ATOMIC_ACQUIRE);
        __builtin_memcpy(to + 8 * i, &word, 8);
    }
}

#pragma clang assume_nonnull end
