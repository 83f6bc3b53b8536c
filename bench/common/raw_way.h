// A raw ring for values of known type, made before a fork.
#pragma once

#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"

namespace bench {

struct RawWay {
  Shared<RawRing> ring;
  RawWriter writer{ring.get()};
  RawReader reader{ring.get()};

  template <typename T>
  void Put(const T& value) {
    writer.Write(std::as_bytes(std::span(&value, 1)));
    writer.Publish();
  }
  template <typename T>
  T Take() {
    T value;
    reader.Read(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace bench
