// The cells that are compared, in a region that only the writer can write.
#pragma once

#include <cstring>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "ipc/seq_cell.h"
#include "ipc/seq_ring.h"

namespace bench {

// Its content follows from its number.
template <size_t kBytes>
struct CellValue {
  std::byte bytes[kBytes];
  uint64_t number() const {
    uint64_t number;
    std::memcpy(&number, bytes, sizeof(number));
    return number;
  }
  bool whole() const { return HasContent(bytes, number()); }
};

template <typename T>
struct CellKind {
  using Value = T;
  using Writer = ipc::SeqCellWriter<T>;
  using Reader = ipc::SeqCellReader<T>;
  static constexpr uint64_t kBytes = ipc::SeqCellBytes<T>();
  static constexpr bool kMayTear = false;
  static Writer Write(std::span<std::byte> memory) {
    return Must(Writer::Create(memory));
  }
  static Reader Read(std::span<std::byte> memory) {
    return Must(Reader::Create(memory));
  }
  static void Store(Writer& writer, const T& value) { writer.Store(value); }
  // False: there is none now.
  static bool Load(Reader& reader, T& value) {
    auto got = reader.Load(ipc::Deadline::Immediately());
    if (!got.ok()) return false;
    value = *got;
    return true;
  }
};

// Each value once, the overrun ones left out.
template <typename T>
struct RingKind {
  static constexpr uint32_t kValues = 64;
  using Value = T;
  using Writer = ipc::SeqRingWriter<T>;
  using Reader = ipc::SeqRingReader<T>;
  static constexpr uint64_t kBytes = ipc::SeqRingBytes<T>(kValues);
  static constexpr bool kMayTear = false;
  static Writer Write(std::span<std::byte> memory) {
    return Must(Writer::Create(memory, kValues));
  }
  static Reader Read(std::span<std::byte> memory) {
    return Must(Reader::Create(memory));
  }
  static void Store(Writer& writer, const T& value) { writer.Publish(value); }
  static bool Load(Reader& reader, T& value) {
    auto got = reader.Next(ipc::Deadline::Immediately());
    if (!got.ok()) return false;
    value = got->value;
    return true;
  }
};

// Nothing keeps a reader from half a value.
template <typename T>
struct MemcpyKind {
  using Value = T;
  struct Side {
    std::byte* at;
  };
  using Writer = Side;
  using Reader = Side;
  static constexpr uint64_t kBytes = sizeof(T);
  static constexpr bool kMayTear = true;
  static Writer Write(std::span<std::byte> memory) { return {memory.data()}; }
  static Reader Read(std::span<std::byte> memory) { return {memory.data()}; }
  static void Store(Writer& writer, const T& value) {
    std::memcpy(writer.at, &value, sizeof(T));
    asm volatile("" : : : "memory");
  }
  static bool Load(Reader& reader, T& value) {
    asm volatile("" : : : "memory");
    std::memcpy(&value, reader.at, sizeof(T));
    return true;
  }
};

}  // namespace bench
