// A topic, and a lane to each, whose readers poll in one process on another
// processor. Header-only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/common/kernel_process.h"
#include "bench/sharing/bursts.h"
#include "ipc/receiver.h"
#include "ipc/sender.h"
#include "ipc/topic.h"

namespace bench {

// What one publishing takes, to readers in a process of their own that runs
// `read_all(session, progress)`.
template <typename ReadAll, typename Publish>
double TimeReaders(KernelProcess& kernel,
                   std::span<const ipc::InitialCapability> initial, int rounds,
                   const ReadAll& read_all, const Publish& publish) {
  const Shared<Progress> progress;
  const pid_t child = kernel.ForkWithSession(
      "readers", kApart.second, initial,
      [&](ipc::Session& session) { read_all(session, *progress.get()); });
  const double ns = TimeBursts(*progress.get(), child,
                               static_cast<uint64_t>(rounds), publish);
  Join(child);
  return ns;
}

class BusyTopic {
 public:
  BusyTopic()
      : topic_(Must(ipc::CreateTopic(kernel_.session(), {}))),
        publisher_(Must(ipc::Publisher::Create(Must(topic_.Duplicate())))) {}

  ipc::Session& session() { return kernel_.session(); }
  ipc::Publisher& publisher() { return publisher_; }

  // `publish(record)`; `is_right(message, number)` is asked about each that a
  // reader gets. Units: nanoseconds each.
  template <typename IsRight, typename Publish>
  double Time(int readers, int rounds, ipc::Delivery delivery,
              const IsRight& is_right, const Publish& publish) {
    const ipc::InitialCapability initial[] = {
        {"topic", &topic_, ipc::kRightsSame}};
    const auto read_all = [&](ipc::Session& session, Progress& progress) {
      const ipc::Capability mine = Must(session.Take("topic"));
      std::vector<ipc::Subscriber> all;
      for (int i = 0; i < readers; ++i)
        all.push_back(Must(ipc::Subscriber::Create(Must(mine.Duplicate()),
                                                   {.delivery = delivery})));
      ReadBursts(progress, all.size(), [&](size_t i, uint64_t number) {
        const auto got = all[i].Next(ipc::Deadline::Immediately());
        if (!got.ok()) return false;
        Expect(
            got->sequence == number && got->lost == 0 && is_right(*got, number),
            "the record");
        return true;
      });
    };
    return TimeReaders(kernel_, initial, rounds, read_all, publish);
  }

 private:
  KernelProcess kernel_;
  ipc::Capability topic_;
  ipc::Publisher publisher_;
};

class BusyLanes {
 public:
  explicit BusyLanes(int readers) {
    for (int i = 0; i < readers; ++i) {
      ports_.push_back(Must(kernel_.session().CreatePort({.name = "fan"})));
      senders_.push_back(Must(
          ipc::Sender::Create(Must(ports_.back().Mint(ipc::kRightSend, 1)))));
      names_.push_back("port" + std::to_string(i));
    }
  }

  ipc::Session& session() { return kernel_.session(); }
  std::vector<ipc::Sender>& senders() { return senders_; }

  // As BusyTopic::Time.
  template <typename IsRight, typename Publish>
  double Time(int rounds, const IsRight& is_right, const Publish& publish) {
    std::vector<ipc::InitialCapability> initial;
    for (size_t i = 0; i < ports_.size(); ++i)
      initial.push_back({names_[i], &ports_[i], ipc::kRightReceive});
    const auto read_all = [&](ipc::Session& session, Progress& progress) {
      std::vector<ipc::Receiver> all;
      for (const std::string& name : names_)
        all.push_back(Must(ipc::Receiver::Create(Must(session.Take(name)))));
      ReadBursts(progress, all.size(), [&](size_t i, uint64_t number) {
        const auto got = all[i].Receive(ipc::Deadline::Immediately());
        if (!got.ok()) return false;
        Expect(is_right(*got, number), "the message");
        return true;
      });
    };
    return TimeReaders(kernel_, initial, rounds, read_all, publish);
  }

 private:
  KernelProcess kernel_;
  std::vector<ipc::Capability> ports_;
  std::vector<ipc::Sender> senders_;
  std::vector<std::string> names_;
};

}  // namespace bench
