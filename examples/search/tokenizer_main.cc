// tokenizer: takes batches of files from port `files`, counts their words in
// place and has the index store them before it answers. Keeps nothing between
// two batches, so it may die at any moment.
#include <utility>

#include "examples/common/service.h"
#include "examples/search/batch.h"
#include "examples/search/words.h"

namespace search {
namespace {

class Tokenizer {
 public:
  explicit Tokenizer(ipc::Sender index) : index_(std::move(index)) {}

  std::string Answer(const ipc::Message& message) {
    const auto batch = DecodeBatch(message.payload());
    if (message.label() != kBatch || !batch) return Encode(BatchAnswer{});
    Additions additions;
    additions.crawl = batch->crawl;
    BatchAnswer answer;
    for (const BatchFile& file : batch->files) {
      FileCounts counts = CountWords(file.contents);
      counts.id = file.id;
      counts.path = file.path;
      if (counts.flags != 0) answer.flagged.push_back({file.id, counts.flags});
      additions.files.push_back(std::move(counts));
    }
    answer.outcome = Store(additions);
    return Encode(answer);
  }

 private:
  Outcome Store(const Additions& additions) {
    const auto reply = index_.Call(Encode(additions), {.label = kAdd});
    if (!reply.ok()) return Outcome::kTryAgain;
    return DecodeOutcome(reply->payload());
  }

  ipc::Sender index_;
};

absl::Status Run(example::Service& service) {
  auto files = service.TakeReceiver("files");
  if (!files.ok()) return files.status();
  auto index = service.TakeSender("index");
  if (!index.ok()) return index.status();
  Tokenizer tokenizer(*std::move(index));
  for (;;) {
    auto message = files->Receive();
    if (!message.ok()) return message.status();
    // A crawler that died meanwhile does not hear the answer; its successor
    // sends everything again.
    (void)message->Reply(tokenizer.Answer(*message));
  }
}

}  // namespace
}  // namespace search

int main() { return example::RunService("tokenizer", search::Run); }
