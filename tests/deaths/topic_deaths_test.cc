// Publishers and subscribers of a topic that die: subscribers keep their place
// and read on with the next publisher; a dead subscriber is in nobody's way.
#include "libipc/abi/limits.h"
#include "tests/deaths/topics.h"

namespace deaths {
namespace {

using ipc::Publisher;
using ipc::Session;
using ipc::Subscriber;
using ipc::TopicMessage;

// One byte, again and again.
std::string ContentOf(uint32_t label) {
  return std::string(1 + label % 300, static_cast<char>(label));
}
void ExpectWhole(const TopicMessage& message) {
  EXPECT_EQ(ipc::TextOf(message.payload), ContentOf(message.label));
}

void PublishSome(Session& session) {
  Publisher publisher = Must(Publisher::Create(Must(session.Take("topic"))));
  for (uint32_t i = 1; i <= 100; ++i)
    Must(publisher.Publish(ipc::BytesOf(ContentOf(i)), Soon(), i));
}

TEST_F(TopicDeaths, OfPublishersLoseNothingThatWasPublished) {
  const ipc::Capability right = PublishRight();
  Subscriber reliable = NewSubscriber(ipc::Delivery::kReliable);
  Subscriber lossy = NewSubscriber(ipc::Delivery::kLossy);
  uint64_t last = 0;
  uint64_t last_lossy = 0;
  uint32_t label = 0;
  const auto read_lossy = [&] {
    const auto got = lossy.Next(ipc::Deadline::Immediately());
    if (!got.ok()) return false;
    ExpectWhole(*got);
    EXPECT_EQ(got->sequence, last_lossy + got->lost + 1);
    last_lossy = got->sequence;
    return true;
  };
  const auto read = [&] {
    const auto got = reliable.Next(InAMoment());
    if (got.ok()) {
      ExpectWhole(*got);
      EXPECT_EQ(got->sequence, ++last);
      EXPECT_EQ(got->lost, 0u);
      EXPECT_EQ(got->label, ++label);
    }
    if (random_.OneIn(3)) read_lossy();
  };
  const auto read_the_rest = [&] {
    for (auto got = reliable.Next(ipc::Deadline::Immediately()); got.ok();
         got = reliable.Next(ipc::Deadline::Immediately())) {
      EXPECT_EQ(got->sequence, ++last);
      EXPECT_EQ(got->label, ++label);
    }
    label = 0;
    // The rings of publishers that are gone stay mapped until they are read.
    while (read_lossy()) {
    }
    EXPECT_EQ(last_lossy, last);
  };
  Kill({.initial = {{"topic", &right}},
        .body = [](Session& session, Told&) { PublishSome(session); },
        .meanwhile = read,
        // Until another publishes, for those who have not read it.
        .kept = std::to_string(ipc::abi::kControlBytes + kRing) + " bytes ",
        .afterwards = read_the_rest});
}

void SubscribeAWhile(Session& session, Told& told) {
  Subscriber subscriber = Must(Subscriber::Create(
      Must(session.Take("topic")),
      {.delivery = ++told.last % 4 == 0 ? ipc::Delivery::kLossy
                                        : ipc::Delivery::kReliable,
       .beginning = told.last % 3 == 0 ? ipc::Beginning::kOldest
                                       : ipc::Beginning::kLatest}));
  for (int i = 0; i < 60; ++i)
    if (const auto got = Must(subscriber.Next(Soon()));
        ipc::TextOf(got.payload) != ContentOf(got.label))
      abort();
}

TEST_F(TopicDeaths, OfSubscribersAreInNobodysWay) {
  const ipc::Capability right = SubscribeRight();
  Publisher publisher = NewPublisher();
  Subscriber witness = NewSubscriber(ipc::Delivery::kReliable);
  uint32_t next = 1;
  uint32_t read = 0;
  const auto publish = [&](ipc::Deadline deadline) {
    const auto status =
        publisher.Publish(ipc::BytesOf(ContentOf(next)), deadline, next);
    if (status.ok()) ++next;
    for (auto got = witness.Next(ipc::Deadline::Immediately()); got.ok();
         got = witness.Next(ipc::Deadline::Immediately())) {
      EXPECT_EQ(got->label, ++read);
      ExpectWhole(*got);
    }
    return status;
  };
  Kill({.initial = {{"topic", &right}},
        .body = SubscribeAWhile,
        .meanwhile = [&] { publish(InAMoment()).IgnoreError(); },
        // The ring more than once.
        .afterwards =
            [&] {
              for (int i = 0; i < 100; ++i) Must(publish(Soon()));
              EXPECT_EQ(publisher.subscribers(), 1u);
            }});
}

}  // namespace
}  // namespace deaths
