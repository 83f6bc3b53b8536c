// What the services of the search graph say to each other. README.md tells
// why a crawl number is enough to keep the index right under any death.
//
//   crawler --kBatch--> tokenizer --kAdd--> index <--kQuery-- query
//      |                                      ^
//      +---------kBegin, kFinish--------------+
//      +---------kProgress--> progress
//
// All but kProgress are calls. Decoders give nothing for malformed bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/types.h"

namespace search {

enum Label : uint32_t {
  kBegin = 1,
  kBatch = 2,
  kAdd = 3,
  kFinish = 4,
  kQuery = 5,
  kProgress = 6,
};

inline constexpr uint32_t kPathBytesMax = 64u << 10;
inline constexpr uint32_t kWordBytesMax = 255;  // longer ones are not indexed
inline constexpr uint32_t kQueryWordsMax = 1'000;

// The answer to kBegin, kAdd, kFinish and kBatch.
enum class Outcome : uint32_t {
  kMalformed = 0,
  kStored = 1,
  kUnknownCrawl = 2,  // the index has been restarted, or began another crawl
  kTryAgain = 3,      // the index could not be reached
};

// What a tokenizer found a file to be.
enum FileFlags : uint32_t {
  kFileBinary = 1,       // a NUL byte at its start: nothing was counted
  kFileCut = 2,          // a NUL byte later: counted up to about there
  kFileInvalidUtf8 = 4,  // counted all the same
};

struct TermCount {
  std::string term;
  uint32_t count = 0;
};

// One file's result.
struct FileCounts {
  uint32_t id = 0;  // place in the walk
  uint32_t flags = 0;
  uint64_t bytes = 0;
  std::string path;
  std::vector<TermCount> terms;
};

// kAdd.
struct Additions {
  uint64_t crawl = 0;
  std::vector<FileCounts> files;
};
std::string Encode(const Additions& additions);
std::optional<Additions> DecodeAdditions(ipc::Bytes bytes);

// The answer to kBatch: the outcome, and the files that were not plain text.
struct BatchAnswer {
  Outcome outcome = Outcome::kMalformed;
  struct File {
    uint32_t id = 0;
    uint32_t flags = 0;
  };
  std::vector<File> flagged;
};
std::string Encode(const BatchAnswer& answer);
BatchAnswer DecodeBatchAnswer(ipc::Bytes bytes);

// kBegin (crawl only) and kFinish. With `error` the crawl failed as a whole.
struct CrawlNote {
  uint64_t crawl = 0;
  uint64_t files = 0;  // delivered in this crawl
  std::string error;
};
std::string Encode(const CrawlNote& note);
std::optional<CrawlNote> DecodeCrawlNote(ipc::Bytes bytes);

std::string Encode(Outcome outcome);
Outcome DecodeOutcome(ipc::Bytes bytes);

// kQuery.
struct Query {
  uint32_t top = 0;  // files to name for each word
  std::vector<std::string> words;
};
std::string Encode(const Query& query);
std::optional<Query> DecodeQuery(ipc::Bytes bytes);

struct WordAnswer {
  std::string word;
  uint64_t count = 0;
  uint64_t files = 0;
  std::vector<TermCount> top;  // paths
};
struct Answer {
  std::string error;  // the crawl failed; nothing else is set
  uint64_t files = 0;
  uint64_t bytes = 0;
  uint64_t distinct_words = 0;
  uint64_t binary_files = 0;
  uint64_t cut_files = 0;
  uint64_t invalid_utf8_files = 0;
  std::vector<WordAnswer> words;
};
std::string Encode(const Answer& answer);
std::optional<Answer> DecodeAnswer(ipc::Bytes bytes);

// kProgress. Absolute figures: a lost message or a restarted display matters
// to nobody.
struct Progress {
  uint64_t files_done = 0;
  uint64_t files_total = 0;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t skipped = 0;
  uint64_t elapsed_ns = 0;
  uint32_t finished = 0;
};
std::string Encode(const Progress& progress);
std::optional<Progress> DecodeProgress(ipc::Bytes bytes);

}  // namespace search
