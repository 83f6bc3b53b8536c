// Layout of a batch of files.
#include "examples/search/batch.h"

#include <cstring>

#include "examples/search/bytes.h"
#include "examples/search/protocol.h"

namespace search {

BatchWriter::BatchWriter(std::span<std::byte> block, uint64_t crawl)
    : block_(block) {
  Put(0, &crawl, sizeof(crawl));
  Put(sizeof(crawl), &count_, sizeof(count_));
}

void BatchWriter::Put(uint64_t at, const void* data, size_t bytes) {
  std::memcpy(block_.data() + at, data, bytes);
}

std::span<std::byte> BatchWriter::ContentPlace(std::string_view path,
                                               uint64_t bytes) {
  const uint64_t needed = FileBytes(path.size(), bytes);
  if (needed > block_.size() - used_) return {};
  return block_.subspan(used_ + needed - bytes, bytes);
}

void BatchWriter::Commit(uint32_t id, std::string_view path, uint64_t bytes) {
  const auto path_bytes = static_cast<uint32_t>(path.size());
  Put(used_, &id, sizeof(id));
  Put(used_ + 4, &path_bytes, sizeof(path_bytes));
  Put(used_ + 8, path.data(), path.size());
  Put(used_ + 8 + path.size(), &bytes, sizeof(bytes));
  used_ += FileBytes(path.size(), bytes);
  ++count_;
  Put(sizeof(uint64_t), &count_, sizeof(count_));
}

std::optional<Batch> DecodeBatch(ipc::Bytes bytes) {
  ByteReader in(bytes);
  Batch batch;
  batch.crawl = in.U64();
  batch.files.resize(in.Count(16));
  for (BatchFile& file : batch.files) {
    file.id = in.U32();
    file.path = in.Text(kPathBytesMax);
    file.contents = in.Span(in.U64());
    if (!in.ok()) return std::nullopt;
  }
  if (!in.AtEnd()) return std::nullopt;
  return batch;
}

}  // namespace search
