// TopicArrivals: what the kernel process tells a publisher of its subscribers,
// made ready by whichever thread reads the session, until the publisher looks.
//
// So a publisher that does not publish keeps no descriptor of those who came,
// but their bells, and nothing at all of those who came and went.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "libipc/base/topic_memory.h"
#include "libipc/base/unique_fd.h"
#include "session_core.h"

namespace ipc {

class TopicArrivals : public MailReader {
 public:
  struct Arrival {
    enum class Kind { kJoined, kLeft, kEnded };
    Kind kind;
    uint64_t id = 0;  // of the subscription
    uint32_t options = 0;
    bool waited = false;          // it was there before the publisher
    base::SubscriberMemory page;  // not valid: there was no address space
    base::UniqueFd bell;
  };

  explicit TopicArrivals(std::shared_ptr<Mailbox> mailbox)
      : mailbox_(std::move(mailbox)) {}

  // Thread: any.
  void ProcessMail() override;
  bool HasAny() const {
    return mailbox_->HasMail() || has_any_.load(std::memory_order_acquire);
  }
  // In the order they came.
  std::vector<Arrival> Take();
  // Those who came and went unseen.
  uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  void Add(Answer& event);
  void OnJoined(Answer& event);
  void OnLeft(uint64_t id);

  const std::shared_ptr<Mailbox> mailbox_;
  std::mutex mutex_;
  std::vector<Arrival> arrivals_;
  std::atomic<bool> has_any_{false};
  std::atomic<uint64_t> missed_{0};
};

}  // namespace ipc
