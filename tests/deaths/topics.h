// A topic of the survivor's, whose publishers or subscribers die.
#pragma once

#include "ipc/topic.h"
#include "tests/deaths/deaths.h"

namespace deaths {

class TopicDeaths : public Deaths {
 protected:
  static constexpr uint32_t kRing = 8192;

  ipc::Capability PublishRight() const {
    return Must(topic_.Duplicate(ipc::kRightSend | ipc::kRightDuplicate));
  }
  ipc::Capability SubscribeRight() const {
    return Must(topic_.Duplicate(ipc::kRightReceive | ipc::kRightDuplicate));
  }
  ipc::Publisher NewPublisher() {
    return Must(
        ipc::Publisher::Create(Must(topic_.Duplicate(ipc::kRightSend))));
  }
  ipc::Subscriber NewSubscriber(ipc::Delivery delivery) {
    return Must(ipc::Subscriber::Create(
        Must(topic_.Duplicate(ipc::kRightReceive)), {.delivery = delivery}));
  }

  const ipc::Capability topic_ =
      Must(ipc::CreateTopic(graph_.root(), {.ring_bytes = kRing}));
};

}  // namespace deaths
