// The inverted index in memory.
#include "examples/search/store.h"

#include <algorithm>

namespace search {

void IndexStore::Begin(uint64_t crawl) {
  *this = IndexStore();
  crawl_ = crawl;
}

bool IndexStore::Add(Additions additions) {
  if (crawl_ == 0 || additions.crawl != crawl_) return false;
  for (FileCounts& file : additions.files) AddFile(std::move(file));
  return true;
}

void IndexStore::AddFile(FileCounts file) {
  if (!files_.emplace(file.id, std::move(file.path)).second) return;
  totals_.bytes += file.bytes;
  if (file.flags & kFileBinary) ++totals_.binary_files;
  if (file.flags & kFileCut) ++totals_.cut_files;
  if (file.flags & kFileInvalidUtf8) ++totals_.invalid_utf8_files;
  for (TermCount& each : file.terms)
    terms_[std::move(each.term)].push_back({file.id, each.count});
}

bool IndexStore::Finish(const CrawlNote& note) {
  if (crawl_ == 0 || note.crawl != crawl_) return false;
  if (note.error.empty() && note.files != files_.size()) return false;
  totals_.error = note.error;
  complete_ = true;
  return true;
}

Answer IndexStore::Ask(const Query& query) const {
  Answer answer = totals_;
  answer.files = files_.size();
  answer.distinct_words = terms_.size();
  for (const std::string& word : query.words)
    answer.words.push_back(AskWord(word, query.top));
  return answer;
}

WordAnswer IndexStore::AskWord(const std::string& word, uint32_t top) const {
  WordAnswer answer;
  answer.word = word;
  const auto found = terms_.find(word);
  if (found == terms_.end()) return answer;
  for (const Posting& posting : found->second) {
    answer.count += posting.count;
    answer.top.push_back({files_.at(posting.file), posting.count});
  }
  answer.files = answer.top.size();
  const size_t kept = std::min<size_t>(top, answer.top.size());
  std::partial_sort(
      answer.top.begin(), answer.top.begin() + kept, answer.top.end(),
      [](const TermCount& a, const TermCount& b) {
        return a.count != b.count ? a.count > b.count : a.term < b.term;
      });
  answer.top.resize(kept);
  return answer;
}

}  // namespace search
