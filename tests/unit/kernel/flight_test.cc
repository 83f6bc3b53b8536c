// The flight recorder's rings: how many there are, and who gives way.
#include "libipc/abi/flight.h"

#include <sys/resource.h>

#include <map>

#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class FlightTest : public KernelTest {
 protected:
  Handle MakeAccount() {
    const abi::AccountLimits limits = {};
    return root_
        ->Call(Syscall::account_create, root_->Named("account"), {},
               {.payload = Bytes(&limits, sizeof(limits))})
        .handle();
  }
  std::unique_ptr<RawClient> Start(const char* name, Handle account) {
    root_->Call(Syscall::process_create, account, {},
                {.payload = CreatePayload(name, {})});
    const FakeHost::Child child = host_.children.front();
    host_.children.pop_front();
    auto client =
        std::make_unique<RawClient>(&kernel_, child.session, child.socket);
    client->Begin(name);
    return client;
  }
  static Error AddRing(RawClient& client) {
    const Done grant = client.Call(Syscall::flight_ring, 0);
    if (grant.error() != Error::ok) return grant.error();
    return client
        .Call(Syscall::flight_ring, 0, {grant.value()},
              {.options = abi::kFlightRingReady})
        .error();
  }
  // A process that lives for a moment, with as many rings as are kept of it.
  void Fly(const char* name, Handle account) {
    auto client = Start(name, account);
    for (uint32_t i = 0; i < abi::kFlightRingsKept; ++i)
      ASSERT_EQ(AddRing(*client), Error::ok);
    kernel_.EndSession(*client->session());
    Settle();
  }
  std::map<std::string, size_t> RingsByName() {
    std::map<std::string, size_t> rings;
    for (uint64_t after = 0; true;) {
      const Done next =
          root_->Call(Syscall::flight_next, root_->Named("kernel"), {after});
      if (next.error() != Error::ok) return rings;
      ++rings[next.As<abi::FlightEntry>().name];
      after = next.value();
    }
  }
  static constexpr uint32_t kProcesses =
      abi::kFlightRingsKeptMax / abi::kFlightRingsKept;
};

TEST_F(FlightTest, AnAccountThatKeepsDyingPushesOutItsOwnOnly) {
  const Handle noisy = MakeAccount();
  const Handle quiet = MakeAccount();
  Fly("quiet", quiet);
  for (uint32_t i = 0; i < 2 * kProcesses; ++i)
    Fly(("noisy." + std::to_string(i)).c_str(), noisy);
  const auto rings = RingsByName();
  EXPECT_EQ(rings.at("quiet"), abi::kFlightRingsKept);
  size_t all = 0;
  for (const auto& [name, count] : rings) all += count;
  EXPECT_EQ(all, abi::kFlightRingsKeptMax);
  EXPECT_FALSE(rings.contains("noisy.0"));
  EXPECT_TRUE(rings.contains("noisy." + std::to_string(2 * kProcesses - 1)));
}

// Accounts below it make it no more.
TEST_F(FlightTest, AnAccountWithManyBelowItIsOne) {
  const Handle noisy = MakeAccount();
  const Handle quiet = MakeAccount();
  Fly("quiet", quiet);
  const abi::AccountLimits limits = {};
  for (uint32_t i = 0; i < kProcesses + 4; ++i)
    Fly("noisy", root_
                     ->Call(Syscall::account_create, noisy, {},
                            {.payload = Bytes(&limits, sizeof(limits))})
                     .handle());
  EXPECT_EQ(RingsByName().at("quiet"), abi::kFlightRingsKept);
}

TEST_F(FlightTest, OfOneAccountTheNameThatKeepsDyingGivesWay) {
  const Handle account = MakeAccount();
  Fly("steady", account);
  for (uint32_t i = 0; i < 2 * kProcesses; ++i) Fly("crashing", account);
  EXPECT_EQ(RingsByName().at("steady"), abi::kFlightRingsKept);
}

TEST_F(FlightTest, AnAccountLeavesAsManyLivingRingsAsItHas) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max < 2 * abi::kFlightRingsLiving)
    GTEST_SKIP() << "too few descriptors may be open";
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const Handle noisy = MakeAccount();
  std::vector<std::unique_ptr<RawClient>> clients;
  uint32_t rings = 0;
  Error error = Error::ok;
  while (error == Error::ok) {
    if (rings % abi::kFlightRingsMax == 0)
      clients.push_back(Start("noisy", noisy));
    error = AddRing(*clients.back());
    if (error == Error::ok) ++rings;
  }
  EXPECT_EQ(error, Error::quota_exceeded);
  EXPECT_EQ(rings, abi::kFlightRingsLiving / 2);
  EXPECT_EQ(AddRing(*Start("quiet", MakeAccount())), Error::ok);
  // What ends does not count any more.
  kernel_.EndSession(*clients.front()->session());
  Settle();
  EXPECT_EQ(AddRing(*clients.back()), Error::ok);
}

}  // namespace
}  // namespace kernel
