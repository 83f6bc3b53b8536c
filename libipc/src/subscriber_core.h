// SubscriberCore: one subscriber's place in a topic, over the publishers that
// follow one another.
//
//   (nobody publishes) --publisher_joined--> reading --end reached--> next
//   cut: policy_denied, revoked, canceled at once; peer_closed when all is read
#pragma once

#include <deque>
#include <optional>

#include "ipc/topic.h"
#include "libipc/base/spinner.h"
#include "libipc/base/topic_ring.h"
#include "session_core.h"
#include "subscriber_descriptor.h"
#include "topic_holds.h"

namespace ipc {

class SubscriberCore {
 public:
  SubscriberCore(Capability topic, SubscriberOptions options)
      : topic_(std::move(topic)),
        session_(topic_.session()),
        options_(options) {}
  ~SubscriberCore();

  absl::Status Open();
  absl::StatusOr<TopicMessage> Next(Deadline deadline);
  int descriptor() const {
    return descriptor_ == nullptr ? -1 : descriptor_->fd();
  }
  const SubscriberCounts& counts() const { return counts_; }

 private:
  // Overruns in a row before others get the processor.
  static constexpr int kTries = 1'000;

  // What one publisher has written, or is writing.
  struct Part {
    base::TopicReader reader;
    base::UniqueFd bell;
    std::optional<base::TopicEnd> end;  // it is over
  };

  // ok: `message` is one; should_wait; else the end.
  Error Try(TopicMessage* message);
  enum class Step { kTaken, kNothing, kAgain };
  Step TryPart(Part& part, TopicMessage* message);
  void LookAtNews() {
    if (session_->HasNews()) session_->Pump();
    if (mailbox_->HasMail()) ProcessMail();
  }
  void ProcessMail();
  void OnPublisherJoined(Answer& event);
  Step Overrun(Part& part);
  Step Break();
  Step FinishPart();
  void DropPart();
  TopicMessage Taken(const abi::TopicHeader& header);
  // subscriber_blocks.cc.
  Step TakeBlock(Part& part, uint64_t position, TopicMessage* message,
                 const abi::TopicHeader& header);
  base::Result<std::shared_ptr<base::Mapping>> MapBlocks(uint32_t attachment);
  void MapNoMore(const base::TopicMemory& theirs);
  void BeginAt(const base::TopicReader& reader);
  void TellHead(uint64_t before, const base::TopicReader& reader);
  bool LooksReady() const;
  void Sleep(Deadline deadline);
  bool Arm(abi::ArmBits by, base::FutexWait* word);
  bool Rest();
  void Stir();

  Capability topic_;
  const std::shared_ptr<SessionCore> session_;
  const SubscriberOptions options_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  Capability subscription_;
  base::SubscriberMemory page_;
  const std::shared_ptr<TopicHolds> holds_ =
      std::make_shared<TopicHolds>(&page_);
  struct Mapped {
    uint32_t attachment;
    std::shared_ptr<base::Mapping> mapping;
  };
  std::vector<Mapped> mapped_;  // of the publisher that is read
  std::unique_ptr<SubscriberDescriptor> descriptor_;  // null: it waits alone
  std::deque<Part> parts_;                            // the first is being read
  uint64_t expected_ = 0;  // sequence of the next record; 0: not known
  Error cut_ = Error::ok;
  bool broken_ = false;  // the publisher, until another follows
  std::vector<uint8_t> payload_;
  base::Spinner polling_;
  uint32_t arm_generation_ = 0;
  SubscriberCounts counts_;
};

}  // namespace ipc
