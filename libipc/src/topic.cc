#include "ipc/topic.h"

#include "ipc/session.h"
#include "publisher_core.h"
#include "subscriber_core.h"

namespace ipc {

absl::StatusOr<Capability> CreateTopic(const Session& session,
                                       const TopicOptions& options) {
  const auto& core = session.core();
  const Handle account = core->account();
  if (account == abi::kNoHandle)
    return MakeStatus(Error::not_found,
                      "this session has no account to charge a topic to; it "
                      "needs an initial capability named 'account'");
  const bool cuts = options.slow == SlowSubscriber::kCut;
  const auto patience =
      static_cast<uint64_t>(absl::ToInt64Nanoseconds(options.patience));
  const Answer answer =
      core->Call(abi::Syscall::topic_create, account,
                 {.options = cuts ? uint32_t{abi::kTopicCutsSlow} : 0u,
                  .args = {options.ring_bytes, patience},
                  .payload = BytesOf(options.name)});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::topic_create, account, answer);
  return Capability(core, static_cast<Handle>(answer.value(0)));
}

absl::StatusOr<Publisher> Publisher::Create(Capability topic) {
  if (!topic.valid())
    return MakeStatus(Error::bad_handle, "a Publisher needs a capability");
  auto core = std::make_unique<PublisherCore>(std::move(topic));
  if (absl::Status status = core->Open(); !status.ok()) return status;
  return Publisher(std::move(core));
}

Publisher::Publisher(std::unique_ptr<PublisherCore> core)
    : core_(std::move(core)) {}
Publisher::Publisher(Publisher&&) noexcept = default;
Publisher& Publisher::operator=(Publisher&&) noexcept = default;
Publisher::~Publisher() = default;

absl::Status Publisher::Publish(Bytes payload, Deadline deadline,
                                uint32_t label) {
  return core_->Publish(payload, deadline, label);
}
absl::Status Publisher::Publish(Loan& loan, Deadline deadline, uint32_t label) {
  return core_->PublishLoan(loan, deadline, label);
}
absl::StatusOr<Loan> Publisher::Allocate(Pool& pool, uint64_t bytes,
                                         Deadline deadline) {
  return core_->Allocate(pool, bytes, deadline);
}
uint64_t Publisher::blocks_out() { return core_->blocks_out(); }
uint64_t Publisher::max_payload() const { return core_->max_payload(); }
uint64_t Publisher::subscribers() const { return core_->subscribers(); }
PublisherCounts Publisher::counts() const { return core_->counts(); }

absl::StatusOr<Subscriber> Subscriber::Create(Capability topic,
                                              SubscriberOptions options) {
  if (!topic.valid())
    return MakeStatus(Error::bad_handle, "a Subscriber needs a capability");
  auto core = std::make_unique<SubscriberCore>(std::move(topic), options);
  if (absl::Status status = core->Open(); !status.ok()) return status;
  return Subscriber(std::move(core));
}

Subscriber::Subscriber(std::unique_ptr<SubscriberCore> core)
    : core_(std::move(core)) {}
Subscriber::Subscriber(Subscriber&&) noexcept = default;
Subscriber& Subscriber::operator=(Subscriber&&) noexcept = default;
Subscriber::~Subscriber() = default;

absl::StatusOr<TopicMessage> Subscriber::Next(Deadline deadline) {
  return core_->Next(deadline);
}
int Subscriber::descriptor() const { return core_->descriptor(); }
SubscriberCounts Subscriber::counts() const { return core_->counts(); }

}  // namespace ipc
