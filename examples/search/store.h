// The index's memory: what one crawl's files hold. Adding a file again is
// nothing, another crawl's file is refused. Knows no messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "examples/search/protocol.h"

namespace search {

class IndexStore {
 public:
  // Forgets everything and takes this crawl's files from now on.
  void Begin(uint64_t crawl);
  // False if it is not this crawl's; nothing is taken then.
  bool Add(Additions additions);
  // Whether exactly `files` files of this crawl were added; it is complete
  // then. With an error it is complete at once.
  bool Finish(const CrawlNote& note);

  bool complete() const { return complete_; }
  uint64_t files() const { return files_.size(); }
  Answer Ask(const Query& query) const;

 private:
  struct Posting {
    uint32_t file;
    uint32_t count;
  };
  void AddFile(FileCounts file);
  WordAnswer AskWord(const std::string& word, uint32_t top) const;

  uint64_t crawl_ = 0;  // 0: none began yet
  bool complete_ = false;
  Answer totals_;  // of everything added; no words
  absl::flat_hash_map<uint32_t, std::string> files_;  // path by id
  absl::flat_hash_map<std::string, std::vector<Posting>> terms_;
};

}  // namespace search
