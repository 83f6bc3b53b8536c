// consumer: takes from the port of each kind once it is told to, and counts.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "examples/common/service.h"
#include "examples/producer_consumer/kinds.h"
#include "examples/producer_consumer/protocol.h"
#include "ipc/wait_set.h"

namespace producer_consumer {
namespace {

constexpr uint64_t kControl = ~uint64_t{0};  // other keys are kinds
constexpr size_t kLivesMax = 64;
constexpr size_t kItemsAtOnce = 64;

// One kind's port, and what was taken from it by the producer's lives.
class Buffer {
 public:
  explicit Buffer(ipc::Receiver port) : port_(std::move(port)) {}

  ipc::Receiver& port() { return port_; }
  Taken TakenOf(uint64_t life) const {
    const auto found = taken_.find(life);
    return found == taken_.end() ? Taken() : found->second;
  }
  bool begun() const { return begun_; }
  void Begin() { begun_ = true; }

  // Takes what is there, at most `most` items. Ok when that is all.
  absl::Status Take(size_t most) {
    for (size_t i = 0; i < most; ++i) {
      const auto message = port_.Receive(ipc::Deadline::Immediately());
      if (ipc::ErrorOf(message.status()) == ipc::Error::should_wait) break;
      if (!message.ok()) return message.status();
      if (const auto item = Decode<Item>(*message);
          item && message->label() == kItem)
        Count(*item, message->lost());
    }
    return absl::OkStatus();
  }

 private:
  void Count(const Item& item, uint64_t lost) {
    if (taken_.size() >= kLivesMax && !taken_.contains(item.life))
      taken_.clear();
    Taken& taken = taken_[item.life];
    if (taken.items == 0)
      taken.first = item.number;
    else if (item.number <= taken.last)
      ++taken.disorders;
    else
      taken.holes += item.number - taken.last - 1;
    taken.last = item.number;
    taken.lost += lost;
    ++taken.items;
  }

  ipc::Receiver port_;
  bool begun_ = false;
  std::map<uint64_t, Taken> taken_;
};

class Consumer {
 public:
  Consumer(ipc::Receiver control, ipc::WaitSet waits,
           std::vector<Buffer> buffers)
      : control_(std::move(control)),
        waits_(std::move(waits)),
        buffers_(std::move(buffers)) {}

  absl::Status Run() {
    if (auto added = waits_.Add(kControl, control_); !added.ok()) return added;
    for (;;) {
      const auto ready = waits_.Wait();
      if (!ready.ok()) return ready.status();
      const absl::Status done = ready->key == kControl
                                    ? Obey()
                                    : buffers_[ready->key].Take(kItemsAtOnce);
      if (!done.ok()) return done;
    }
  }

 private:
  absl::Status Obey() {
    auto call = control_.Receive(ipc::Deadline::Immediately());
    if (ipc::ErrorOf(call.status()) == ipc::Error::should_wait)
      return absl::OkStatus();
    if (!call.ok()) return call.status();
    const auto which = Decode<Which>(*call);
    if (!which || which->kind >= buffers_.size() || !call->wants_reply())
      return absl::OkStatus();  // dropped
    Buffer& buffer = buffers_[which->kind];
    if (call->label() == kBegin) return Begin(*call, *which, buffer);
    // All of it was sent before the call, so all of it is there.
    if (auto taken = buffer.Take(SIZE_MAX); !taken.ok()) return taken;
    const Taken taken = buffer.TakenOf(which->life);
    (void)call->Reply(BytesOf(taken));  // the producer may be gone
    return absl::OkStatus();
  }

  absl::Status Begin(ipc::Message& call, const Which& which, Buffer& buffer) {
    if (!buffer.begun()) {
      if (auto added = waits_.Add(which.kind, buffer.port()); !added.ok())
        return added;
      buffer.Begin();
      const absl::string_view port = Kinds()[which.kind].port;
      std::printf("begins to take from %s\n", std::string(port).c_str());
      std::fflush(stdout);
    }
    (void)call.Reply("");  // the producer may be gone
    return absl::OkStatus();
  }

  ipc::Receiver control_;
  ipc::WaitSet waits_;
  std::vector<Buffer> buffers_;  // as Kinds()
};

absl::Status Run(example::Service& service) {
  auto control = service.TakeReceiver("control");
  if (!control.ok()) return control.status();
  std::vector<Buffer> buffers;
  for (const Kind& kind : Kinds()) {
    auto port = service.TakeReceiver({kind.port.data(), kind.port.size()});
    if (!port.ok()) return port.status();
    buffers.emplace_back(*std::move(port));
  }
  auto waits = ipc::WaitSet::Create(service.session());
  if (!waits.ok()) return waits.status();
  return Consumer(*std::move(control), *std::move(waits), std::move(buffers))
      .Run();
}

}  // namespace
}  // namespace producer_consumer

int main() { return example::RunService("consumer", producer_consumer::Run); }
