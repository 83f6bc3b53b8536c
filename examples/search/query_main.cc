// query: asks the index for words and prints how often and where they stand.
// Waits until the index is complete and asks again if the index dies.
//
//   keyport-search-query WORD...
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "examples/common/service.h"
#include "examples/search/walk.h"
#include "examples/search/words.h"

namespace search {
namespace {

constexpr uint32_t kTopFiles = 3;

std::string Line(const char* format, auto... values) {
  char line[512];
  std::snprintf(line, sizeof(line), format, values...);
  return line;
}

std::string Text(const Answer& answer) {
  std::string text;
  for (const WordAnswer& each : answer.words) {
    text += each.word + Line(": %" PRIu64 " times in %" PRIu64 " files\n",
                             each.count, each.files);
    for (const TermCount& top : each.top)
      text += Line("  %8" PRIu32 "  ", top.count) + Printable(top.term) + "\n";
  }
  text +=
      Line("indexed %" PRIu64 " files, %.1f MB, %" PRIu64 " different words",
           answer.files, answer.bytes / 1e6, answer.distinct_words);
  text +=
      Line("; %" PRIu64 " binary, %" PRIu64 " cut at a NUL byte, %" PRIu64
           " with invalid UTF-8\n",
           answer.binary_files, answer.cut_files, answer.invalid_utf8_files);
  return text;
}

absl::Status Print(const ipc::Message& reply) {
  const auto answer = DecodeAnswer(reply.payload());
  if (!answer) return absl::InternalError("the index answered nonsense");
  if (!answer->error.empty())
    return absl::FailedPreconditionError(answer->error);
  const std::string text = Text(*answer);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status Run(example::Service& service, const Query& query) {
  auto index = service.TakeSender("index");
  if (!index.ok()) return index.status();
  for (;;) {
    const auto reply = index->Call(Encode(query), {.label = kQuery});
    if (reply.ok()) return Print(*reply);
    if (service.over()) return reply.status();
    service.Say("the index did not answer (" +
                std::string(reply.status().message()) + "); asking again");
    service.Pause();
  }
}

bool ReadArguments(int count, char** arguments, Query* query) {
  query->top = kTopFiles;
  query->words.assign(arguments + 1, arguments + count);
  if (query->words.empty() || query->words.size() > kQueryWordsMax) {
    std::fprintf(stderr,
                 "query: expected 1 to %u words, got %zu; use: keyport run "
                 "search.toml FOLDER=... WORD...\n",
                 kQueryWordsMax, query->words.size());
    return false;
  }
  for (const std::string& word : query->words) {
    if (IsWord(word)) continue;
    std::fprintf(stderr,
                 "query: '%s' is no word; expected 1 to %u of A-Z, a-z, 0-9 "
                 "and _\n",
                 Printable(word).c_str(), kWordBytesMax);
    return false;
  }
  return true;
}

}  // namespace
}  // namespace search

int main(int argc, char** argv) {
  search::Query query;
  if (!search::ReadArguments(argc, argv, &query)) return 2;
  return example::RunService("query", [&](example::Service& service) {
    return search::Run(service, query);
  });
}
