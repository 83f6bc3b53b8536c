// Memory that nobody has any more comes back to who pays for it, while the
// processes that had it live on. A server with room for a few regions answers
// each of many requests with a new one.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <optional>

#include "ipc/loan.h"
#include "ipc/process.h"
#include "ipc/region.h"
#include "ipc/region_lock.h"
#include "ipc/reply.h"
#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::World;

constexpr int kRequests = 2'000;
constexpr uint64_t kBytes = 100'000;

class MemoryReturn : public ::testing::Test {
 protected:
  // Serves with an account of so many regions until its caller is gone.
  using Serve = std::function<void(Session&, Message)>;
  void StartServer(uint64_t regions, Serve serve) {
    Capability receive = Must(port_.Duplicate(kRightReceive | kRightDuplicate));
    AccountLimits limits;
    limits.regions = regions;
    Capability budget = Must(CreateAccount(world_->account(), "poor", limits));
    const InitialCapability initial[] = {{"port", &receive},
                                         {"account", &budget}};
    server_ = world_->StartPeer("server", initial, [serve](Session& session) {
      Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
      while (true) {
        absl::StatusOr<Message> call = receiver.Receive();
        if (!call.ok() || call->text() == "end") return;
        serve(session, *std::move(call));
      }
    });
    caller_.emplace(Must(Sender::Create(Must(port_.Mint(kRightSend, 7)))));
  }
  void EndServer() {
    Must(caller_->Send("end"));
    server_->Join();
  }
  static size_t MappingsOfThisProcess() {
    std::ifstream maps("/proc/self/maps");
    size_t count = 0;
    for (std::string line; std::getline(maps, line);)
      count += line.find("keyport-region") != std::string::npos ? 1 : 0;
    return count;
  }
  static Region MakeFilled(Session& session) {
    Region region = Must(Region::Create(session, kBytes));
    std::memset(Must(region.MapWrite()).bytes().data(), 'r', kBytes);
    Must(region.SealImmutable());
    return region;
  }

  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort();
  std::unique_ptr<testing_kit::Peer> server_;
  std::optional<Sender> caller_;
};

TEST_F(MemoryReturn, OfRegionsThatWereGivenAwayAndDropped) {
  StartServer(8, [](Session& session, Message call) {
    Capability given[] = {MakeFilled(session).TakeCapability()};
    Must(call.Reply({}, given));
  });
  for (int i = 0; i < kRequests; ++i) {
    Message reply = Must(caller_->Call("more"));
    auto given = Must(reply.TakeCapabilities());
    const Region region =
        Must(Region::Adopt(std::move(given.at(0).capability)));
    const Mapping mapping = Must(region.MapRead());
    ASSERT_EQ(mapping.bytes()[kBytes - 1], std::byte{'r'});
  }
  EndServer();
}

TEST_F(MemoryReturn, OfAnswersThatCameInARegion) {
  StartServer(8, [](Session&, Message call) {
    Replier replier = Must(Replier::Adopt(Must(call.MoveReply())));
    Must(replier.Reply(std::string(kBytes, 'r')));
  });
  for (int i = 0; i < kRequests / 10; ++i)
    ASSERT_EQ(Must(caller_->Call("more")).payload().size(), kBytes);
  EndServer();
}

TEST_F(MemoryReturn, OfLargeAnswers) {
  StartServer(8, [](Session&, Message call) {
    Must(call.Reply(std::string(kBytes, 'r')));
  });
  for (int i = 0; i < kRequests / 10; ++i)
    ASSERT_EQ(Must(caller_->Call("more")).payload().size(), kBytes);
  EndServer();
}

TEST_F(MemoryReturn, OfPoolsThatWereLentFromOnce) {
  StartServer(8, [](Session& session, Message call) {
    Pool pool = Must(Pool::Create(session, 4096));
    Loan loan = Must(pool.Allocate(100));
    std::memset(loan.bytes().data(), 'r', 100);
    Must(call.ReplyLoan(std::move(loan)));
  });
  for (int i = 0; i < kRequests; ++i) {
    const Message reply = Must(caller_->Call("more"));
    ASSERT_EQ(reply.payload().size(), 100u);
    ASSERT_EQ(reply.payload()[99], std::byte{'r'});
  }
  EndServer();
}

// As the last one, but the receiver's memory comes back, not the owner's.
TEST_F(MemoryReturn, OfPoolsThatAreReadAndForgotten) {
  Capability receive = Must(port_.Duplicate());
  Receiver receiver = Must(Receiver::Create(std::move(receive)));
  Sender sender = Must(Sender::Create(Must(port_.Mint(kRightSend, 7))));
  const size_t before = MappingsOfThisProcess();
  for (int i = 0; i < 200; ++i) {
    Pool pool = Must(Pool::Create(world_->root(), 4096));
    Loan loan = Must(pool.Allocate(100));
    Must(sender.SendLoan(loan));
    Must(receiver.Receive(testing_kit::Soon()));
  }
  // The last ones' ends may not have been heard of yet.
  EXPECT_LT(MappingsOfThisProcess(), before + 40);
}

TEST_F(MemoryReturn, NeverOfWhatIsStillMapped) {
  StartServer(2, [](Session& session, Message call) {
    absl::StatusOr<Region> region = Region::Create(session, kBytes);
    if (!region.ok()) {
      Must(call.Reply("full"));
      return;
    }
    Capability given[] = {region->TakeCapability()};
    Must(call.Reply({}, given));
  });
  std::vector<Mapping> mappings;
  for (int i = 0; i < 2; ++i) {
    Message reply = Must(caller_->Call("more"));
    auto given = Must(reply.TakeCapabilities());
    mappings.push_back(
        Must(Must(Region::Adopt(std::move(given.at(0).capability))).MapRead()));
  }
  EXPECT_EQ(Must(caller_->Call("more")).text(), "full");
  mappings.erase(mappings.begin());
  // The kernel process may hear of the end after the call's server.
  const Deadline soon = testing_kit::Soon();
  while (Must(caller_->Call("more")).text() == "full")
    ASSERT_LT(base::NowNs(), soon.ns);
  EndServer();
}

TEST_F(MemoryReturn, OfWhatHadALock) {
  AccountLimits limits;
  limits.regions = 4;
  Capability budget = Must(CreateAccount(world_->account(), "poor", limits));
  const InitialCapability initial[] = {{"account", &budget}};
  Session poor = world_->NewSession("poor", initial);
  for (int i = 0; i < 100; ++i) {
    const Region region = Must(Region::Create(poor, 4096));
    RegionLock lock = Must(RegionLock::Attach(region, 0));
    Must(lock.LockExclusive());
  }
}

}  // namespace
}  // namespace ipc
