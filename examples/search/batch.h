// A batch of whole files in one lent block: crawl number, count, then for each
// file its id, path and contents. BatchWriter fills the crawler's own loan;
// DecodeBatch gives views into the block, which the crawler could still change
// while they are read. Neither copies contents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/types.h"

namespace search {

class BatchWriter {
 public:
  // Units: bytes that a batch takes in all, and that one file takes in it.
  static constexpr uint64_t kHeaderBytes = 12;
  static constexpr uint64_t FileBytes(size_t path_bytes,
                                      uint64_t content_bytes) {
    return 16 + path_bytes + content_bytes;
  }

  // The block must hold kHeaderBytes.
  BatchWriter(std::span<std::byte> block, uint64_t crawl);

  // Where the next file's contents go; empty when it does not fit. Nothing is
  // added until Commit.
  std::span<std::byte> ContentPlace(std::string_view path, uint64_t bytes);
  void Commit(uint32_t id, std::string_view path, uint64_t bytes);

  uint32_t count() const { return count_; }
  uint64_t bytes() const { return used_; }

 private:
  void Put(uint64_t at, const void* data, size_t bytes);

  std::span<std::byte> block_;
  uint64_t used_ = kHeaderBytes;
  uint32_t count_ = 0;
};

struct BatchFile {
  uint32_t id = 0;
  std::string path;
  ipc::Bytes contents;
};
struct Batch {
  uint64_t crawl = 0;
  std::vector<BatchFile> files;
};
std::optional<Batch> DecodeBatch(ipc::Bytes bytes);

}  // namespace search
