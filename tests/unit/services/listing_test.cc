// Listings and the graph of a made-up snapshot.
#include "services/cli/listing.h"

#include <gtest/gtest.h>

#include <cstring>

#include "services/cli/dot.h"
#include "services/cli/waits.h"
#include "tests/unit/services/json_line.h"

namespace keyport {
namespace {

template <size_t kSize>
void SetName(char (&name)[kSize], const char* text) {
  std::strncpy(name, text, kSize - 1);
}

ipc::ProcessEntry Process(uint64_t id, const char* name) {
  ipc::ProcessEntry process = {};
  process.id = id;
  process.pid = static_cast<int32_t>(1000 + id);
  process.state = ipc::ProcessState::running;
  SetName(process.name, name);
  return process;
}

// client (1) calls server (2) over port 7; writer (3) has no room on it.
Snapshot ExampleSnapshot() {
  Snapshot snapshot;
  snapshot.processes = {Process(1, "client"), Process(2, "server"),
                        Process(3, "writer")};
  ipc::PortEntry port = {};
  port.id = 7;
  SetName(port.name, "files");
  port.owner_process = 2;
  port.listeners = 1;
  snapshot.ports = {port};
  ipc::LaneEntry call = {};
  call.id = 20;
  call.port = 7;
  call.sender_process = 1;
  call.receiver_process = 2;
  call.sender_armed = ipc::kArmRecordsFutex;
  call.receiver_armed = ipc::kArmRecordsBell;
  call.queued_bytes = 128;
  ipc::LaneEntry full = call;
  full.id = 21;
  full.sender_process = 3;
  full.sender_armed = ipc::kArmRoomFutex;
  snapshot.lanes = {call, full};
  ipc::CapabilityEntry root = {};
  root.serial = 1;
  root.process = 2;
  root.object = 7;
  root.kind = ipc::ObjectKind::port;
  root.rights = ipc::kRightReceive | ipc::kRightSend;
  ipc::CapabilityEntry given = root;
  given.serial = 2;
  given.process = 1;
  given.parent = 1;
  given.badge = 42;
  given.handle = 0x1001;
  given.rights = ipc::kRightSend;
  snapshot.capabilities = {root, given};
  return snapshot;
}

std::optional<ProcStat> NoStat(int) { return std::nullopt; }

TEST(Activity, SaysWhoWaitsForWhom) {
  const Snapshot snapshot = ExampleSnapshot();
  auto text = [&](size_t i) {
    return ActivityText(snapshot, ActivityOf(snapshot, snapshot.processes[i]));
  };
  EXPECT_EQ(text(0), "call-blocked :7 files -> server");
  EXPECT_EQ(text(1), "recv :7 files");
  EXPECT_EQ(text(2), "send-blocked :7 files -> server");
}

TEST(Activity, KnowsTheDeadTheNewAndTheBusy) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.lanes.clear();
  EXPECT_EQ(ActivityOf(snapshot, snapshot.processes[0]).activity,
            Activity::kRunning);
  snapshot.processes[0].state = ipc::ProcessState::dead;
  EXPECT_EQ(ActivityOf(snapshot, snapshot.processes[0]).activity,
            Activity::kDead);
  snapshot.processes[0].state = ipc::ProcessState::waiting;
  EXPECT_EQ(ActivityOf(snapshot, snapshot.processes[0]).activity,
            Activity::kStarting);
}

TEST(Activity, OfAnAbsentReceiverIsNobody) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.lanes[0].receiver_process = 0;
  EXPECT_EQ(ActivityText(snapshot, ActivityOf(snapshot, snapshot.processes[0])),
            "call-blocked :7 files -> nobody");
}

TEST(Listing, ProcessesCarryTheirState) {
  const Listing listing = ListProcesses(ExampleSnapshot(), NoStat);
  EXPECT_NE(listing.text.find("call-blocked :7 files -> server"),
            std::string::npos);
  EXPECT_EQ(JsonLine(listing, 0)["waits_for"], "server");
  EXPECT_EQ(JsonLine(listing, 1)["state"], "recv");
  EXPECT_EQ(JsonLine(listing, 1)["queued_bytes"], 256);
  EXPECT_TRUE(JsonLine(listing, 1)["waits_for"].is_null());
}

TEST(Listing, PortsCarryWhatPassedAndTheirHighWater) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.ports[0].sender_counters.messages = 812;
  snapshot.ports[0].receiver_counters.queued_bytes_most = 2048;
  const Listing listing = ListPorts(snapshot);
  EXPECT_EQ(JsonLine(listing, 0)["messages"], 812);
  EXPECT_EQ(JsonLine(listing, 0)["queued_bytes_most"], 2048);
  EXPECT_NE(listing.text.find("  files       812       0    2K  "),
            std::string::npos)
      << listing.text;
}

TEST(Listing, CapabilitiesTellWhereTheyCameFrom) {
  const Listing all = ListCapabilities(ExampleSnapshot(), "");
  EXPECT_EQ(JsonLine(all, 0)["from"], "kernel");
  EXPECT_EQ(JsonLine(all, 1)["from"], "server");
  EXPECT_EQ(JsonLine(all, 1)["rights"], "Send");
  const Listing one = ListCapabilities(ExampleSnapshot(), "client");
  EXPECT_EQ(one.text.find("\nserver  "), std::string::npos);
  EXPECT_NE(one.text.find("0x1001"), std::string::npos);
  EXPECT_NE(one.text.find("42"), std::string::npos);
}

TEST(Listing, CapabilitiesTellWhoMadeThemAndWhenTheyEnd) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.taken_ns = 1'000'000'000;
  ipc::CapabilityEntry& given = snapshot.capabilities[1];
  given.made_by = 2;
  given.ends_ns = 13'340'000'000;
  Listing listing = ListCapabilities(snapshot, "client");
  EXPECT_NE(listing.text.find("  server   in 12.3 s\n"), std::string::npos)
      << listing.text;
  EXPECT_EQ(JsonLine(listing, 0)["made_by"], 2);
  EXPECT_EQ(JsonLine(listing, 0)["maker"], "server");
  EXPECT_EQ(JsonLine(listing, 0)["ends_ns"], 13'340'000'000);
  EXPECT_EQ(JsonLine(listing, 0)["ends_in_ns"], 12'340'000'000);
  given.made_by = 12;
  given.ends_ns = 0;
  listing = ListCapabilities(snapshot, "client");
  EXPECT_NE(listing.text.find("process 12 (gone)     -\n"), std::string::npos)
      << listing.text;
  EXPECT_TRUE(JsonLine(listing, 0)["ends_ns"].is_null());
  given.ends_ns = 1;
  EXPECT_NE(ListCapabilities(snapshot, "client").text.find("   now\n"),
            std::string::npos);
}

TEST(Listing, CapabilitiesTellWhatTheyTraceAtMost) {
  Snapshot snapshot = ExampleSnapshot();
  Listing listing = ListCapabilities(snapshot, "client");
  EXPECT_EQ(listing.text.find("TRACES"), std::string::npos) << listing.text;
  EXPECT_TRUE(JsonLine(listing, 0)["trace_limits"].is_null());
  snapshot.capabilities[1].trace_limits = {
      .snaplen_max = 96, .label_first = 4, .label_last = 9};
  listing = ListCapabilities(snapshot, "client");
  EXPECT_NE(listing.text.find("ENDS  TRACES AT MOST\n"), std::string::npos)
      << listing.text;
  EXPECT_NE(listing.text.find("   -  snaplen 96, labels 4-9\n"),
            std::string::npos)
      << listing.text;
  const auto limits = JsonLine(listing, 0)["trace_limits"];
  EXPECT_EQ(limits["snaplen"], 96);
  EXPECT_EQ(limits["labels"], (std::vector{4, 9}));
  EXPECT_TRUE(limits["rate"].is_null());
}

TEST(Listing, NotificationsTellWhatIsInThem) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.accounts.resize(1);
  snapshot.accounts[0].id = 9;
  SetName(snapshot.accounts[0].name, "budget");
  ipc::NotificationEntry bits = {};
  bits.id = 30;
  bits.owner_process = 2;
  bits.value = 255;
  bits.account = 9;
  ipc::NotificationEntry counter = bits;
  counter.id = 31;
  counter.kind = ipc::abi::NotificationKind::counter;
  counter.waiting = 3;
  counter.account = 10;
  snapshot.notifications = {bits, counter};
  const Listing listing = ListNotifications(snapshot);
  EXPECT_EQ(listing.text,
            "ID  KIND     VALUE  WAITING  OWNER   ACCOUNT\n"
            "30  bits      0xff        0  server  budget\n"
            "31  counter    255        3  server  account 10\n");
  EXPECT_EQ(JsonLine(listing, 1)["value"], 255);
  EXPECT_EQ(JsonLine(listing, 1)["kind"], "counter");
  EXPECT_EQ(JsonLine(listing, 0)["account"], 9);
}

TEST(Listing, TopicsTellWhoPublishesAndWhatTheirSubscribersLost) {
  Snapshot snapshot = ExampleSnapshot();
  ipc::TopicEntry prices = {};
  prices.id = 40;
  SetName(prices.name, "prices");
  prices.owner_process = 2;
  prices.publisher_process = 2;
  prices.published = 1000;
  prices.cuts = 4;
  prices.subscribers = 3;
  prices.reliable = 1;
  prices.ring_bytes = 65536;
  snapshot.topics = {prices};
  ipc::SubscriptionEntry one = {};
  one.id = 41;
  one.topic = 40;
  one.process = 1;
  one.taken = 990;
  one.lost = 10;
  ipc::SubscriptionEntry other = one;
  other.process = 3;
  other.options = ipc::abi::kSubscribeReliable;
  other.lost = 0;
  other.cut = 1;
  snapshot.subscriptions = {one, other};
  const Listing listing = ListTopics(snapshot);
  EXPECT_EQ(
      listing.text,
      "ID  NAME    PUBLISHER  PUBLISHED  RELIABLE  LOSSY  CUTS     LOST  RING"
      "  OWNER   ACCOUNT\n"
      "40  prices  server          1000         1      2     4  10 by 1   64K"
      "  server  account 0\n"
      "\n"
      "TOPIC       SUBSCRIBER  DELIVERY  TAKEN  LOST  STATE\n"
      ":40 prices  client      lossy       990    10  open\n"
      ":40 prices  writer      reliable    990     0  cut\n");
  EXPECT_EQ(JsonLine(listing, 0)["lost"], 10);
  EXPECT_EQ(JsonLine(listing, 2)["state"], "cut");
  snapshot.topics[0].publisher_process = 0;
  EXPECT_NE(ListTopics(snapshot).text.find("prices  -  "), std::string::npos);
}

TEST(Listing, RegionsTellWhatIsLentToWhomSinceWhen) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.regions.clear();
  for (ipc::LaneEntry& lane : snapshot.lanes)
    lane.sender_counters = lane.receiver_counters = {};
  EXPECT_EQ(ListRegions(snapshot).text.find("LENT BY"), std::string::npos);
  ipc::LaneEntry& lane = snapshot.lanes[0];
  snapshot.taken_ns = 5'000'000'000;
  lane.sender_counters.lent_blocks = 3;
  lane.sender_counters.lent_bytes = 4096;
  lane.sender_counters.lent_since_ns = 2'000'000'000;
  const Listing listing = ListRegions(snapshot);
  EXPECT_NE(listing.text.find("LENT BY"), std::string::npos);
  const nlohmann::json row = JsonLine(listing, 0);
  EXPECT_EQ(row["blocks"], 3);
  EXPECT_EQ(row["bytes"], 4096);
  EXPECT_EQ(row["since_ns"], 2'000'000'000);
  EXPECT_EQ(row["lent_by"], snapshot.ProcessName(lane.sender_process));
  EXPECT_EQ(row["held_by"], snapshot.ProcessName(lane.receiver_process));
}

TEST(Listing, RegionsTellWhoHasATopicsBlocksSinceWhen) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.regions.clear();
  snapshot.lanes.clear();
  snapshot.taken_ns = 5'000'000'000;
  ipc::TopicEntry frames = {};
  frames.id = 40;
  SetName(frames.name, "frames");
  frames.publisher_process = 2;
  frames.lent = {4, 4096, 1'000'000'000};
  frames.lent_from = 640;
  snapshot.topics = {frames};
  ipc::SubscriptionEntry holder = {};
  holder.id = 41;
  holder.topic = 40;
  holder.process = 1;
  holder.held = 704;
  holder.holding = {2, 2048, 3'000'000'000};
  ipc::SubscriptionEntry late = {};
  late.id = 42;
  late.topic = 40;
  late.process = 3;
  late.options = ipc::abi::kSubscribeReliable;
  late.held = 640;
  // Of those behind it that hold nothing the lossy one is not waited for.
  ipc::SubscriptionEntry lossy = late;
  lossy.options = 0;
  ipc::SubscriptionEntry ahead = late;
  ahead.held = 960;
  snapshot.subscriptions = {holder, late, lossy, ahead};
  const Listing listing = ListRegions(snapshot);
  EXPECT_NE(listing.text.find(
                "LENT BY  HELD BY  THROUGH       BLOCKS  BYTES  OLDEST\n"
                "server   client   :40 frames         2     2K   2.00s\n"
                "server   writer   :40 frames  4 unread     4K   4.00s\n"),
            std::string::npos)
      << listing.text;
  EXPECT_EQ(JsonLine(listing, 0)["subscription"], 41);
  EXPECT_EQ(JsonLine(listing, 0)["topic"], ":40 frames");
  EXPECT_EQ(JsonLine(listing, 0)["unread"], false);
  EXPECT_EQ(JsonLine(listing, 1)["unread"], true);
  EXPECT_EQ(JsonLine(listing, 1)["since_ns"], 1'000'000'000);
}

TEST(Listing, PortsLanesRegionsAndAccountsHaveARowEach) {
  Snapshot snapshot = ExampleSnapshot();
  EXPECT_EQ(JsonLine(ListPorts(snapshot), 0)["port"], "files");
  EXPECT_EQ(JsonLine(ListLanes(snapshot), 1)["state"], "send-blocked");
  snapshot.regions.resize(1);
  snapshot.regions[0].bytes = 8192;
  snapshot.regions[0].guarantee = 2;
  EXPECT_EQ(JsonLine(ListRegions(snapshot), 0)["guarantee"], "immutable");
  EXPECT_EQ(JsonLine(ListRegions(snapshot), 0)["state"], "whole");
  EXPECT_EQ(JsonLine(ListRegions(snapshot), 0)["pages"], "normal");
  snapshot.accounts.resize(1);
  snapshot.accounts[0].used[4] = 2048;
  EXPECT_EQ(JsonLine(ListAccounts(snapshot), 0)["bytes"]["used"], 2048);
}

TEST(Dot, DrawsLanesAndWaits) {
  const std::string dot = GraphDot(ExampleSnapshot());
  EXPECT_NE(dot.find("p1 -> p2 [label=\":7 files (128 queued)\"]"),
            std::string::npos)
      << dot;
  EXPECT_NE(dot.find("p1 -> p2 [label=\"call-blocked\", style=dashed"),
            std::string::npos);
  EXPECT_EQ(DotQuoted("a\"b\\"), "\"a\\\"b\\\\\"");
}

}  // namespace
}  // namespace keyport
