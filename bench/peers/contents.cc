#include "bench/peers/contents.h"

#include <string.h>

#include <algorithm>

#include "bench/common/must.h"

namespace bench {

Contents::Contents(size_t bytes) : bytes_(bytes) {
  for (size_t i = 0; i < bytes; ++i) bytes_[i] = std::byte(i * 31 + 7);
}

Bytes Contents::Of(uint64_t number) {
  if (bytes_.empty()) return {};
  const size_t part = std::min(bytes_.size(), sizeof(number));
  memcpy(bytes_.data() + bytes_.size() - part, &number, part);
  memcpy(bytes_.data(), &number, part);
  return bytes_;
}

void Contents::Check(uint64_t number, Bytes message) {
  const Bytes wanted = Of(number);
  Expect(message.size() == wanted.size(), "the message's size");
  Expect(wanted.empty() ||
             memcmp(message.data(), wanted.data(), wanted.size()) == 0,
         "the message's content");
}

}  // namespace bench
