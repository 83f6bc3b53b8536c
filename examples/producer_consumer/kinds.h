// The kinds of buffering: what a port does when its buffer is full, and what
// the producer and the consumer may therefore count on. One entry a kind; the
// manifest has a port of the same name.
#pragma once

#include <span>

#include "absl/strings/string_view.h"

namespace producer_consumer {

// Who bears it when the producer is faster than the consumer.
enum class WhenFull {
  kProducerWaits,  // nothing is lost
  kGrows,          // first it is given more room: nothing is lost
  kSendIsRefused,  // the newest are lost, and the producer knows which
  kOldestGo,       // the oldest are lost, and the consumer knows how many
};

struct Kind {
  absl::string_view port;
  WhenFull when_full;
  absl::string_view says;
};

std::span<const Kind> Kinds();

}  // namespace producer_consumer
