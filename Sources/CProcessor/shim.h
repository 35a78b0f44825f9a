// Instructions of the processor that Swift has no word for, each with the question whether the processor has it.
// Nothing else belongs here.
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
