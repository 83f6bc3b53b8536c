// What producer and consumer say to each other. Items go to the kind's own
// port; the rest are calls to `control`.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>

#include "ipc/message.h"

namespace producer_consumer {

enum Label : uint32_t {
  kItem = 1,   // to the kind's port: Item
  kBegin = 2,  // take from the kind's port from now on: Which
  kEnd = 3,    // all that there will be has been sent: Which -> Taken
};

// `life` is a random number of the producer's: one that was restarted begins
// to count again.
struct Item {
  uint64_t life = 0;
  uint64_t number = 0;
};

struct Which {
  uint64_t kind = 0;  // its place in Kinds()
  uint64_t life = 0;
};

// What this consumer took of one life. `holes`: numbers left out between
// the first and the last; `disorders`: numbers not above the one before;
// `lost`: items that were overwritten.
struct Taken {
  uint64_t items = 0;
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t holes = 0;
  uint64_t disorders = 0;
  uint64_t lost = 0;
};

template <typename T>
ipc::Bytes BytesOf(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
template <typename T>
std::optional<T> Decode(const ipc::Message& message) {
  T value;
  if (message.payload().size() != sizeof(value)) return std::nullopt;
  std::memcpy(&value, message.payload().data(), sizeof(value));
  return value;
}

}  // namespace producer_consumer
