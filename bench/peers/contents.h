// What messages carry: a pattern, with the message's number at both ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bench {

using Bytes = std::span<const std::byte>;

class Contents {
 public:
  explicit Contents(size_t bytes);
  // Of message `number`; valid until the next call.
  Bytes Of(uint64_t number);
  // Fails unless `message` is message `number`, to the last byte.
  void Check(uint64_t number, Bytes message);

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace bench
