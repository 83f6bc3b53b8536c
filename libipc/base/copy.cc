#include "libipc/base/copy.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace base {

#if defined(__SSE2__)
namespace {

constexpr size_t kLine = 64;
constexpr size_t kAhead = 512;  // bytes that are asked for beforehand

// `to` starts a line; whole lines.
void StreamLines(uint8_t* to, const uint8_t* from, size_t lines) {
  auto* out = reinterpret_cast<__m128i*>(to);
  for (; lines > 0; --lines, from += kLine, out += 4) {
    const auto* in = reinterpret_cast<const __m128i*>(from);
    _mm_prefetch(reinterpret_cast<const char*>(from) + kAhead, _MM_HINT_NTA);
    const __m128i a = _mm_loadu_si128(in);
    const __m128i b = _mm_loadu_si128(in + 1);
    const __m128i c = _mm_loadu_si128(in + 2);
    const __m128i d = _mm_loadu_si128(in + 3);
    _mm_stream_si128(out, a);
    _mm_stream_si128(out + 1, b);
    _mm_stream_si128(out + 2, c);
    _mm_stream_si128(out + 3, d);
  }
  // They are not ordered with the stores that publish them otherwise.
  _mm_sfence();
}

}  // namespace

void CopyStreaming(void* to, const void* from, size_t bytes) {
  auto* out = static_cast<uint8_t*>(to);
  const auto* in = static_cast<const uint8_t*>(from);
  const size_t first = -reinterpret_cast<uintptr_t>(out) % kLine;
  if (bytes < first + kLine) {
    std::memcpy(out, in, bytes);
    return;
  }
  std::memcpy(out, in, first);
  const size_t lines = (bytes - first) / kLine;
  StreamLines(out + first, in + first, lines);
  const size_t done = first + lines * kLine;
  std::memcpy(out + done, in + done, bytes - done);
}
#else
void CopyStreaming(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
}
#endif

}  // namespace base
