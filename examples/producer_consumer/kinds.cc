#include "examples/producer_consumer/kinds.h"

namespace producer_consumer {
namespace {

constexpr Kind kKinds[] = {
    {"meeting", WhenFull::kProducerWaits, "no buffer, each send waits"},
    {"blocking", WhenFull::kProducerWaits, "bounded, the producer waits"},
    {"failing", WhenFull::kSendIsRefused, "bounded, the send is refused"},
    {"growing", WhenFull::kGrows, "growing to a limit, then as blocking"},
    {"overwriting", WhenFull::kOldestGo, "bounded, the oldest make room"},
};

}  // namespace

std::span<const Kind> Kinds() { return kKinds; }

}  // namespace producer_consumer
