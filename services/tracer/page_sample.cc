#include "services/tracer/page_sample.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "services/tracer/flow_tree.h"

namespace keyport {
namespace {

struct Chain {
  uint32_t messages = 0;
  bool wanted = false;  // one of it failed, or was slow
};
using Chains = std::unordered_map<uint64_t, Chain>;

uint64_t DurationOf(const PageMessage& message) {
  if (message.total_ns != kNoTime) return message.total_ns;
  return message.queue_ns == kNoTime ? 0 : message.queue_ns;
}

// One in a hundred is slower.
uint64_t SlowNs(std::span<const PageMessage> messages) {
  std::vector<uint64_t> durations;
  durations.reserve(messages.size());
  for (const PageMessage& message : messages)
    durations.push_back(DurationOf(message));
  const auto place =
      durations.begin() + static_cast<ssize_t>(durations.size() * 99 / 100);
  std::nth_element(durations.begin(), place, durations.end());
  return *place;
}

// 0 to 1, the same for the same number.
double Lot(uint64_t number) {
  uint64_t hash = number * 0x9e3779b97f4a7c15u;
  hash = (hash ^ (hash >> 32)) * 0xff51afd7ed558ccdu;
  return static_cast<double>((hash ^ (hash >> 29)) >> 11) * 0x1p-53;
}

class Chooser {
 public:
  Chooser(std::span<const PageMessage> messages, size_t most)
      : messages_(messages), slow_ns_(SlowNs(messages)) {
    for (const PageMessage& message : messages_) {
      Chain& chain = chains_[message.flow];
      ++chain.messages;
      chain.wanted |= Failed(message) || IsSlow(message);
    }
    size_t wanted = 0;
    for (size_t i = 0; i < messages_.size(); ++i) wanted += IsWanted(i);
    // What is usual stays visible beside very much that is not.
    const size_t room = std::max(most - std::min(most, wanted), most / 10);
    share_ = std::min(
        1.0, static_cast<double>(room) / static_cast<double>(std::max<size_t>(
                                             messages_.size() - wanted, 1)));
    wanted_share_ =
        std::min(1.0, static_cast<double>(2 * most) /
                          static_cast<double>(std::max<size_t>(wanted, 1)));
  }

  PageSample Choose() const {
    PageSample sample;
    sample.share = share_;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const PageMessage& message = messages_[i];
      const double lot = Lot(IsWhole(message) ? message.flow : i);
      const bool chosen = lot < (IsWanted(i) ? wanted_share_ : share_);
      if (Failed(message)) ++(chosen ? sample.errors : sample.errors_left_out);
      if (!chosen) continue;
      sample.slow += IsSlow(message);
      sample.chosen.push_back(static_cast<uint32_t>(i));
    }
    return sample;
  }

 private:
  static bool Failed(const PageMessage& message) {
    return message.status == MessageStatus::kError;
  }
  bool IsSlow(const PageMessage& message) const {
    return DurationOf(message) > slow_ns_;
  }
  bool IsWhole(const PageMessage& message) const {
    return chains_.at(message.flow).messages <= kWholeChainMost;
  }
  bool IsWanted(size_t i) const {
    const PageMessage& message = messages_[i];
    return IsWhole(message) ? chains_.at(message.flow).wanted
                            : Failed(message) || IsSlow(message);
  }

  const std::span<const PageMessage> messages_;
  const uint64_t slow_ns_;
  Chains chains_;
  double share_ = 1;
  double wanted_share_ = 1;
};

TracedMessage Traced(const PageMessage& message,
                     const std::vector<std::string>& services) {
  TracedMessage traced;
  traced.time_ns = message.time_ns;
  traced.from = services[message.from];
  traced.to = services[message.to];
  if (message.queue_ns != kNoTime) traced.queue_ns = message.queue_ns;
  if (message.work_ns != kNoTime) traced.work_ns = message.work_ns;
  if (message.cause_ns != kNoTime) traced.cause_ns = message.cause_ns;
  return traced;
}

}  // namespace

PageSample ChooseForPage(std::span<const PageMessage> messages, size_t most) {
  if (messages.size() > most) return Chooser(messages, most).Choose();
  PageSample sample;
  sample.chosen.resize(messages.size());
  std::iota(sample.chosen.begin(), sample.chosen.end(), 0u);
  for (const PageMessage& message : messages)
    sample.errors += message.status == MessageStatus::kError;
  return sample;
}

std::vector<uint32_t> CausesWithin(const PageMessages& messages,
                                   std::span<const uint32_t> chosen) {
  std::vector<uint32_t> causes(chosen.size(), 0);
  std::unordered_map<uint64_t, std::vector<uint32_t>> chains;
  for (uint32_t i = 0; i < chosen.size(); ++i) {
    std::vector<uint32_t>& chain = chains[messages.kept()[chosen[i]].flow];
    if (chain.size() < kFlowMessagesMax) chain.push_back(i);
  }
  for (const auto& [flow, chain] : chains) {
    if (chain.size() == 1) continue;
    std::vector<TracedMessage> traced;
    for (const uint32_t i : chain)
      traced.push_back(
          Traced(messages.kept()[chosen[i]], messages.services().names()));
    const std::vector<size_t> found = CausesOf(traced);
    for (size_t i = 0; i < chain.size(); ++i)
      if (found[i] != kNoCause) causes[chain[i]] = 1 + chain[found[i]];
  }
  return causes;
}

}  // namespace keyport
