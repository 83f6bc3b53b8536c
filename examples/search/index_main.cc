// index: keeps the word counts of one crawl and answers queries on port
// `index`. Queries that come before the crawl is complete wait, unanswered,
// and so does the crawler's kFinish: its call fails when this process dies,
// which is how the crawler learns that the index is lost.
#include <optional>
#include <utility>
#include <vector>

#include "examples/common/service.h"
#include "examples/search/store.h"

namespace search {
namespace {

constexpr size_t kParkedQueriesMax = 1'024;

class Index {
 public:
  void Take(ipc::Message message) {
    switch (message.label()) {
      case kBegin:
        return Begin(std::move(message));
      case kAdd:
        return Add(std::move(message));
      case kFinish:
        return Finish(std::move(message));
      case kQuery:
        return Park(std::move(message));
      default:
        return Answer(message, Outcome::kMalformed);
    }
  }

 private:
  // Whoever does not wait for the answer any more asks again or is dead.
  static void Answer(ipc::Message& message, Outcome outcome) {
    (void)message.Reply(Encode(outcome));
  }

  void Begin(ipc::Message message) {
    const auto note = DecodeCrawlNote(message.payload());
    if (!note || note->crawl == 0) return Answer(message, Outcome::kMalformed);
    store_.Begin(note->crawl);
    finished_.reset();
    Answer(message, Outcome::kStored);
  }

  void Add(ipc::Message message) {
    auto additions = DecodeAdditions(message.payload());
    if (!additions) return Answer(message, Outcome::kMalformed);
    Answer(message, store_.Add(*std::move(additions)) ? Outcome::kStored
                                                      : Outcome::kUnknownCrawl);
  }

  void Finish(ipc::Message message) {
    const auto note = DecodeCrawlNote(message.payload());
    if (!note) return Answer(message, Outcome::kMalformed);
    if (!store_.Finish(*note)) return Answer(message, Outcome::kUnknownCrawl);
    finished_ = std::move(message);
    for (ipc::Message& query : std::exchange(parked_, {})) AnswerQuery(query);
  }

  void Park(ipc::Message message) {
    if (store_.complete()) return AnswerQuery(message);
    std::erase_if(parked_,
                  [](const ipc::Message& each) { return each.IsCancelled(); });
    if (parked_.size() < kParkedQueriesMax)
      parked_.push_back(std::move(message));
  }

  void AnswerQuery(ipc::Message& message) const {
    const auto query = DecodeQuery(message.payload());
    if (!query) return Answer(message, Outcome::kMalformed);
    (void)message.Reply(Encode(store_.Ask(*query)));
  }

  IndexStore store_;
  std::vector<ipc::Message> parked_;
  std::optional<ipc::Message> finished_;  // the crawler's, never answered
};

absl::Status Run(example::Service& service) {
  auto port = service.TakeReceiver("index");
  if (!port.ok()) return port.status();
  Index index;
  for (;;) {
    auto message = port->Receive();
    if (!message.ok()) return message.status();
    index.Take(*std::move(message));
  }
}

}  // namespace
}  // namespace search

int main() { return example::RunService("index", search::Run); }
