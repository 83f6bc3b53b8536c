// Who reaches whom in a made-up snapshot.
#include "services/cli/reachability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/cli/reach_model.h"
#include "tests/unit/services/made_up_graph.h"

namespace keyport {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr ipc::Rights kReceives = ipc::kRightReceive | ipc::kRightWait;

// The supervisor made two ports: client sends to clockd, clockd to store, and
// clockd may move its capability.
class ReachabilityTest : public testing::Test {
 protected:
  ReachabilityTest() {
    clock_first_ = graph_.Give({supervisor_, clock_, ipc::kRightsAll});
    store_first_ = graph_.Give({supervisor_, store_port_, ipc::kRightsAll});
    graph_.Give({clockd_, clock_, kReceives, clock_first_});
    graph_.Give({store_, store_port_, kReceives, store_first_});
    client_sends_ = graph_.Give({client_, clock_, kSends, clock_first_, 3});
    clockd_sends_ = graph_.Give(
        {clockd_, store_port_, kSends | ipc::kRightTransfer, store_first_, 42});
    for (const uint64_t process : {client_, clockd_, store_})
      graph_.Starts(supervisor_, process);
  }

  const Reachability& Look() {
    model_ = ReachModelOf(graph_.snapshot());
    reachability_.emplace(model_);
    return *reachability_;
  }
  WhyAnswer Why(uint64_t from, uint64_t to) {
    const Reachability& reachability = Look();
    return reachability.Why(from, reachability.TargetOf({to}));
  }

  static std::vector<uint64_t> Serials(
      const std::vector<const ReachModel::Capability*>& capabilities) {
    std::vector<uint64_t> serials;
    for (const ReachModel::Capability* capability : capabilities)
      serials.push_back(capability->serial);
    return serials;
  }
  // Processes that messages, or a capability, go through.
  static std::vector<uint64_t> Stations(const std::vector<Hop>& hops) {
    std::vector<uint64_t> stations;
    for (const Hop& hop : hops) stations.push_back(hop.to);
    return stations;
  }
  static const Helper* HelperOf(const WhyAnswer& answer, uint64_t process) {
    for (const MissingPort& missing : answer.missing)
      for (const Helper& helper : missing.helpers)
        if (helper.capability->process == process) return &helper;
    return nullptr;
  }

  MadeUpGraph graph_;
  const uint64_t supervisor_ = graph_.Process("supervisor");
  const uint64_t client_ = graph_.Process("client");
  const uint64_t clockd_ = graph_.Process("clockd");
  const uint64_t store_ = graph_.Process("store");
  const uint64_t clock_ = graph_.Port("clock", supervisor_);
  const uint64_t store_port_ = graph_.Port("store", supervisor_);
  uint64_t clock_first_ = 0;
  uint64_t store_first_ = 0;
  uint64_t client_sends_ = 0;
  uint64_t clockd_sends_ = 0;
  ReachModel model_;
  std::optional<Reachability> reachability_;
};

TEST_F(ReachabilityTest, SendOnAPortThatItReceivesFromIsAWay) {
  const WhyAnswer answer = Why(client_, clockd_);
  ASSERT_EQ(answer.ways.size(), 1u);
  EXPECT_EQ(answer.ways[0].capability->serial, client_sends_);
  EXPECT_THAT(answer.ways[0].receivers, ElementsAre(clockd_));
  EXPECT_THAT(Serials(answer.ways[0].chain.steps), ElementsAre(clock_first_));
  EXPECT_EQ(answer.ways[0].chain.end, Chain::End::kFirst);
  EXPECT_THAT(answer.missing, IsEmpty());
}

TEST_F(ReachabilityTest, EveryWayIsTold) {
  const uint64_t second = graph_.Give({client_, clock_, kSends, client_sends_});
  const WhyAnswer answer = Why(client_, clockd_);
  ASSERT_EQ(answer.ways.size(), 2u);
  EXPECT_EQ(answer.ways[1].capability->serial, second);
  EXPECT_THAT(Serials(answer.ways[1].chain.steps),
              ElementsAre(client_sends_, clock_first_));
}

TEST_F(ReachabilityTest, WithoutSendThereIsNoWay) {
  graph_.Give({client_, store_port_, ipc::kRightWait, store_first_});
  const WhyAnswer answer = Why(client_, store_);
  EXPECT_THAT(answer.ways, IsEmpty());
  ASSERT_EQ(answer.missing.size(), 1u);
  EXPECT_EQ(answer.missing[0].port, store_port_);
  ASSERT_EQ(answer.missing[0].held.size(), 1u);
  EXPECT_EQ(answer.missing[0].held[0]->rights, ipc::kRightWait);
}

TEST_F(ReachabilityTest, WhoCouldPassItOnComesWithTheRoute) {
  const WhyAnswer answer = Why(client_, store_);
  ASSERT_EQ(answer.missing.size(), 1u);
  ASSERT_EQ(answer.missing[0].helpers.size(), 2u);
  const Helper& first = answer.missing[0].helpers[0];
  EXPECT_EQ(first.capability->serial, clockd_sends_);
  EXPECT_EQ(first.passes_on, ipc::kRightTransfer);
  ASSERT_EQ(first.route.size(), 1u);
  EXPECT_EQ(first.route[0].by, Hop::By::kReply);
  EXPECT_EQ(first.route[0].port, clock_);
  EXPECT_EQ(first.route[0].to, client_);
}

TEST_F(ReachabilityTest, TheSupervisorPassesOnOnlyAtAStart) {
  const WhyAnswer answer = Why(client_, store_);
  const Helper* supervisor = HelperOf(answer, supervisor_);
  ASSERT_NE(supervisor, nullptr);
  EXPECT_TRUE(supervisor->starts_it);
  EXPECT_THAT(supervisor->route, IsEmpty());
}

TEST_F(ReachabilityTest, NothingIsHandedOnThroughWhoOnlyKeepsPorts) {
  // The supervisor could call clockd and send to loner, whom it did not start.
  const uint64_t loner = graph_.Process("loner");
  const uint64_t port = graph_.Port("loner", supervisor_);
  const uint64_t first = graph_.Give({supervisor_, port, ipc::kRightsAll});
  graph_.Give({loner, port, kReceives, first});
  const WhyAnswer answer = Why(loner, store_);
  EXPECT_THAT(HelperOf(answer, clockd_)->route, IsEmpty());
  EXPECT_THAT(Stations(HelperOf(answer, supervisor_)->route),
              ElementsAre(loner));
}

TEST_F(ReachabilityTest, AHolderWithoutTransferAndDuplicateIsNoHelp) {
  const WhyAnswer answer = Why(store_, clockd_);
  const Helper* client = HelperOf(answer, client_);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->passes_on, 0u);
  EXPECT_THAT(client->route, IsEmpty());
  EXPECT_FALSE(client->starts_it);
}

TEST_F(ReachabilityTest, CapabilitiesAreHandedOnOverSeveralProcesses) {
  const uint64_t owner = graph_.Process("owner");
  const uint64_t vault = graph_.Port("vault", owner);
  const uint64_t first = graph_.Give({owner, vault, ipc::kRightsAll});
  graph_.Give({owner, clock_, kSends, clock_first_});
  graph_.Give({store_, vault, kSends | ipc::kRightDuplicate, first});
  const WhyAnswer answer = Why(client_, owner);
  const Helper* helper = HelperOf(answer, owner);
  ASSERT_NE(helper, nullptr);
  EXPECT_THAT(Stations(helper->route), ElementsAre(clockd_, client_));
  EXPECT_EQ(helper->route[0].by, Hop::By::kMessage);
  // store answers clockd, clockd answers client.
  EXPECT_THAT(Stations(HelperOf(answer, store_)->route),
              ElementsAre(clockd_, client_));
}

TEST_F(ReachabilityTest, WhoIsLinkedToNobodyCanBeHandedNothing) {
  const uint64_t newcomer = graph_.Process("newcomer");
  const WhyAnswer answer = Why(newcomer, store_);
  const Helper* helper = HelperOf(answer, clockd_);
  ASSERT_NE(helper, nullptr);
  EXPECT_EQ(helper->passes_on, ipc::kRightTransfer);
  EXPECT_THAT(helper->route, IsEmpty());
  EXPECT_FALSE(helper->starts_it);
}

TEST_F(ReachabilityTest, WhatIsInFlightIsNoHelpYet) {
  graph_.Give({0, store_port_, kSends | ipc::kRightTransfer, store_first_});
  const WhyAnswer answer = Why(client_, store_);
  const Helper* in_flight = HelperOf(answer, 0);
  ASSERT_NE(in_flight, nullptr);
  EXPECT_EQ(in_flight->passes_on, 0u);
}

TEST_F(ReachabilityTest, TheNearestPathGoesOverOthers) {
  const std::vector<Hop> path = Why(client_, store_).path;
  EXPECT_THAT(Stations(path), ElementsAre(clockd_, store_));
  EXPECT_EQ(path[0].port, clock_);
  EXPECT_EQ(path[1].port, store_port_);
}

TEST_F(ReachabilityTest, OfTwoPathsTheShorterIsTold) {
  const uint64_t relay = graph_.Process("relay");
  const uint64_t detour = graph_.Port("detour", relay);
  const uint64_t first = graph_.Give({relay, detour, ipc::kRightsAll});
  graph_.Give({relay, clock_, kSends, clock_first_});
  const uint64_t stranger = graph_.Process("stranger");
  graph_.Give({stranger, detour, kSends, first});
  EXPECT_THAT(Stations(Why(stranger, store_).path),
              ElementsAre(relay, clockd_, store_));
  graph_.Give({relay, store_port_, kSends, store_first_});
  EXPECT_THAT(Stations(Why(stranger, store_).path), ElementsAre(relay, store_));
}

TEST_F(ReachabilityTest, PathsAndRoutesHaveAtMostSoManyHops) {
  // A row of relays: each sends to the next; the last to store.
  std::vector<uint64_t> relays;
  std::vector<uint64_t> ports;
  for (size_t i = 0; i < kHopsMax + 2; ++i) {
    relays.push_back(graph_.Process("relay"));
    ports.push_back(graph_.Port("", relays.back()));
    graph_.Give({relays.back(), ports.back(), kReceives});
    if (i > 0) graph_.Give({relays[i - 1], ports.back(), kSends});
  }
  graph_.Give(
      {relays.back(), store_port_, kSends | ipc::kRightTransfer, store_first_});
  const uint64_t near = relays[relays.size() - kHopsMax];
  EXPECT_EQ(Why(near, store_).path.size(), kHopsMax);
  const uint64_t helping = relays[relays.size() - 1 - kHopsMax];
  EXPECT_EQ(HelperOf(Why(helping, store_), relays.back())->route.size(),
            kHopsMax);
  const WhyAnswer far = Why(relays[0], store_);
  EXPECT_THAT(far.path, IsEmpty());
  EXPECT_THAT(HelperOf(far, relays.back())->route, IsEmpty());
}

TEST_F(ReachabilityTest, WithoutAPathThereIsNone) {
  EXPECT_THAT(Why(store_, clockd_).path, IsEmpty());
}

TEST_F(ReachabilityTest, WhoKeepsAPortForOthersReceivesNothing) {
  const WhyAnswer answer = Why(client_, supervisor_);
  EXPECT_THAT(answer.ways, IsEmpty());
  EXPECT_THAT(answer.target.ports, IsEmpty());
  EXPECT_THAT(answer.kept, UnorderedElementsAre(clock_, store_port_));
}

TEST_F(ReachabilityTest, APortWithoutAServiceHasNoReceiver) {
  const uint64_t orphan = graph_.Port("orphan", supervisor_);
  graph_.NobodyListens(orphan);
  const uint64_t first = graph_.Give({supervisor_, orphan, ipc::kRightsAll});
  graph_.Give({client_, orphan, kSends, first});
  EXPECT_THAT(Why(client_, supervisor_).ways, IsEmpty());
  const WhyAnswer answer = Look().Why(client_, Look().TargetOfPorts({orphan}));
  ASSERT_EQ(answer.ways.size(), 1u);
  EXPECT_THAT(answer.ways[0].receivers, IsEmpty());
}

TEST_F(ReachabilityTest, WhoSharesItsPortAndServesALaneReceives) {
  graph_.Lane(clock_, client_, supervisor_);
  const WhyAnswer answer = Why(client_, supervisor_);
  ASSERT_EQ(answer.ways.size(), 1u);
  EXPECT_THAT(answer.target.ports, ElementsAre(clock_));
}

TEST_F(ReachabilityTest, AServiceReceivesFromItsOwnPort) {
  const uint64_t own = graph_.Port("", store_);
  graph_.Give({store_, own, ipc::kRightsAll});
  EXPECT_THAT(Look().TargetOf({store_}).ports,
              UnorderedElementsAre(store_port_, own));
}

TEST_F(ReachabilityTest, ChainsEndWhereTheAncestorIsGone) {
  const uint64_t orphaned = graph_.Give({client_, store_port_, kSends, 999});
  const uint64_t alone = graph_.Give({client_, store_port_, kSends, 0});
  const WhyAnswer answer = Why(client_, store_);
  ASSERT_EQ(answer.ways.size(), 2u);
  EXPECT_EQ(answer.ways[0].capability->serial, orphaned);
  EXPECT_EQ(answer.ways[0].chain.end, Chain::End::kLost);
  EXPECT_EQ(answer.ways[1].capability->serial, alone);
  EXPECT_EQ(answer.ways[1].chain.end, Chain::End::kLost);
}

TEST_F(ReachabilityTest, LongChainsAreCut) {
  uint64_t parent = client_sends_;
  for (size_t i = 0; i < 2 * kChainStepsMax; ++i)
    parent = graph_.Give({client_, clock_, kSends, parent, 3});
  const WhyAnswer answer = Why(client_, clockd_);
  const Chain& longest = answer.ways.back().chain;
  EXPECT_EQ(longest.steps.size(), kChainStepsMax);
  EXPECT_EQ(longest.end, Chain::End::kLonger);
}

TEST_F(ReachabilityTest, AChainThatRunsInACircleIsCut) {
  graph_.Give({client_, store_port_, kSends, 100'001});
  ReachModel model = ReachModelOf(graph_.snapshot());
  model.capabilities.back().serial = 100'001;
  const Reachability reachability(model);
  EXPECT_EQ(reachability.ChainOf(model.capabilities.back()).end,
            Chain::End::kLonger);
}

TEST_F(ReachabilityTest, WhoCanNamesEveryHolder) {
  EXPECT_THAT(Serials(Look().WhoCan(ipc::kRightSend, store_port_)),
              ElementsAre(store_first_, clockd_sends_));
  EXPECT_THAT(Serials(Look().WhoCan(ipc::kRightManage, store_port_)),
              ElementsAre(store_first_));
  EXPECT_THAT(Look().WhoCan(ipc::kRightSend, 12345), IsEmpty());
}

TEST_F(ReachabilityTest, AllOfManyHoldersAreTold) {
  constexpr size_t kMany = 200;
  std::vector<uint64_t> processes;
  std::vector<uint64_t> ports;
  for (size_t i = 0; i < kMany; ++i) {
    processes.push_back(graph_.Process("many"));
    ports.push_back(graph_.Port("", processes.back()));
    graph_.Give({processes.back(), ports.back(), ipc::kRightsAll});
  }
  for (const uint64_t process : processes)
    for (const uint64_t port : ports)
      graph_.Give({process, port, kSends | ipc::kRightTransfer});
  const WhyAnswer answer = Why(client_, processes[0]);
  EXPECT_EQ(answer.missing[0].helpers.size(), kMany + 1);
  EXPECT_THAT(answer.path, IsEmpty());
  EXPECT_EQ(Why(processes[0], processes[1]).ways.size(), 1u);
}

}  // namespace
}  // namespace keyport
