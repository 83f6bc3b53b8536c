#include "examples/producer_consumer/kinds.h"

namespace producer_consumer {
namespace {

constexpr Kind kKinds[] = {
    {"blocking", WhenFull::kProducerWaits, "bounded, the producer waits"},
    {"failing", WhenFull::kSendIsRefused, "bounded, the send is refused"},
};

}  // namespace

std::span<const Kind> Kinds() { return kKinds; }

}  // namespace producer_consumer
