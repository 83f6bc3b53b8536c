// Numbers and bytes that follow from a seed, the same in each process.
#pragma once

#include <cstdint>
#include <cstring>

namespace soak {

// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators" (2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ += 0x9e37'79b9'7f4a'7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  void Fill(void* to, size_t bytes) {
    auto* at = static_cast<uint8_t*>(to);
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t)) {
      const uint64_t word = Next();
      std::memcpy(at, &word, sizeof(word));
      at += sizeof(word);
    }
    const uint64_t word = Next();
    std::memcpy(at, &word, bytes);
  }

 private:
  uint64_t state_;
};

}  // namespace soak
