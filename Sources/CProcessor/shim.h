// Instructions of the processor that Swift has no word for, each with the question whether the processor has it, and the
// one that a processor under Valgrind has besides. Nothing else belongs here.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
// Whether the processor computes CRC-32C (SSE 4.2, instruction CRC32).
static inline int ccm_has_crc32c(void) { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) static inline uint64_t ccm_crc32c_word(uint64_t crc, const unsigned char *_Nonnull place)
{
    uint64_t word;
    memcpy(&word, place, 8);
    return __builtin_ia32_crc32di(crc, word);
}

// Takes so many words of 8 bytes into a CRC-32C that is not yet inverted. Only where ccm_has_crc32c() says so.
__attribute__((target("sse4.2"))) static inline uint32_t ccm_crc32c(
    uint32_t state, const void *_Nonnull words, size_t count)
{
    const unsigned char *place = (const unsigned char *)words;
    uint64_t crc = state;
    // Eight at a time: the counting would take longer than the instruction.
    for (; count >= 8; count -= 8, place += 64) {
        crc = ccm_crc32c_word(crc, place);
        crc = ccm_crc32c_word(crc, place + 8);
        crc = ccm_crc32c_word(crc, place + 16);
        crc = ccm_crc32c_word(crc, place + 24);
        crc = ccm_crc32c_word(crc, place + 32);
        crc = ccm_crc32c_word(crc, place + 40);
        crc = ccm_crc32c_word(crc, place + 48);
        crc = ccm_crc32c_word(crc, place + 56);
    }
    for (; count > 0; count--, place += 8) crc = ccm_crc32c_word(crc, place);
    return (uint32_t)crc;
}
#else
static inline int ccm_has_crc32c(void) { return 0; }
static inline uint32_t ccm_crc32c(uint32_t state, const void *_Nonnull words, size_t count)
{
    (void)words, (void)count;
    return state;
}
#endif

#if defined(__x86_64__)
// Has callgrind write down, under this name, what it has counted since the last time (CALLGRIND_DUMP_STATS_AT of
// valgrind/callgrind.h). To a processor that is not Valgrind's this is nothing: four rotations, by 128 bits together, and
// an exchange of a register with itself.
static inline void ccm_count_mark(const char *_Nonnull name)
{
    volatile uint64_t request[6] = {0x43540003, (uint64_t)(uintptr_t)name, 0, 0, 0, 0};
    uint64_t result = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "+d"(result)
                     : "a"(request)
                     : "cc", "memory");
}
#else
static inline void ccm_count_mark(const char *_Nonnull name) { (void)name; }
#endif
