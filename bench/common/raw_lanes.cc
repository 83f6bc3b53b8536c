#include "bench/common/raw_lanes.h"

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/timing.h"

namespace bench {
namespace {

constexpr size_t kBytes = 64;
constexpr int kBudget = 64;  // of a ring before it is the next one's turn
constexpr uint64_t kEnd = 0;

}  // namespace

RawLanes::RawLanes(Placement placement, int senders, int publish_every)
    : rings_(static_cast<size_t>(senders)),
      numbers_(static_cast<size_t>(senders)),
      publish_every_(static_cast<uint64_t>(publish_every)) {
  for (size_t i = 0; i < numbers_.size(); ++i) {
    writers_.emplace_back(&rings_[i]);
    readers_.emplace_back(&rings_[i]);
  }
  receiver_ = Fork(placement.second, [this] { Serve(); });
  PinTo(placement.first);
}

RawLanes::~RawLanes() {
  orders_.Put(kEnd);
  Join(receiver_);
}

double RawLanes::OneWayNs(int messages) {
  orders_.Put(static_cast<uint64_t>(messages));
  answers_.Take<uint64_t>();
  std::byte message[kBytes];
  size_t at = 0;
  return TimeAll([&] {
           for (int i = 0; i < messages; ++i) {
             FillContent(message, numbers_[at]++);
             writers_[at].Write(message);
             if (numbers_[at] % publish_every_ == 0) writers_[at].Publish();
             if (++at == numbers_.size()) at = 0;
           }
           for (RawWriter& writer : writers_) writer.Publish();
           answers_.Take<uint64_t>();
         }) /
         messages;
}

void RawLanes::Serve() {
  while (const auto messages = orders_.Take<uint64_t>()) {
    answers_.Put(messages);
    Receive(messages);
    answers_.Put(messages);
  }
}

void RawLanes::Receive(uint64_t messages) {
  std::byte message[kBytes];
  for (uint64_t sum = 0; sum < messages;) {
    for (size_t at = 0; at < readers_.size(); ++at) {
      for (int i = 0; i < kBudget && readers_[at].HasRecord(); ++i, ++sum) {
        readers_[at].Read(message);
        Expect(HasContent(message, numbers_[at]++), "order and content");
      }
    }
  }
}

}  // namespace bench
