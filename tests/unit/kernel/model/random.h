// A small generator of random numbers: the same on every machine.
#pragma once

#include <cstdint>

namespace model {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;  // splitmix64
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t end) { return Next() % end; }
  bool OneIn(uint64_t times) { return Below(times) == 0; }

 private:
  uint64_t state_;
};

}  // namespace model
