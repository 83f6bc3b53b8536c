// What ports of a running graph have measured, as text, JSON and metrics.
#include "services/cli/measured_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "libipc/base/times.h"
#include "services/tracer/port_times.h"
#include "tests/unit/services/made_up_graph.h"
#include "tests/unit/services/prometheus_page.h"

namespace keyport {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// stored serves store and index, of which index was not used.
class MeasuredGraphTest : public testing::Test {
 protected:
  MeasuredGraphTest() {
    const uint64_t stored = graph_.Process("stored");
    store_ = graph_.Port("store", stored);
    index_ = graph_.Port("in\"dex", stored);
    snapshot_ = graph_.snapshot();
    for (ipc::PortEntry& port : snapshot_.ports) port.listener_process = stored;
    snapshot_.ports[0].sender_counters.messages = 1'000;
    snapshot_.ports[0].sender_counters.message_bytes = 64'000;
    snapshot_.ports[0].receiver_counters.taken = 990;
    snapshot_.ports[0].receiver_counters.message_bytes = 80;
    snapshot_.ports[0].queued_bytes = 640;
    ipc::LaneTimes& times = snapshot_.times[store_];
    for (int i = 0; i < 9; ++i) base::AddTime(1'000, 100, &times.queue);
    base::AddTime(2'000'000, 90, &times.queue);
    base::AddTime(5'000, 1'000, &times.call);
  }
  Listing Times(HistOptions options = {}) {
    return ListTimes(snapshot_, options);
  }
  static std::vector<nlohmann::json> Objects(const Listing& listing) {
    std::vector<nlohmann::json> objects;
    std::istringstream stream(listing.json);
    for (std::string line; std::getline(stream, line);)
      objects.push_back(nlohmann::json::parse(line));
    return objects;
  }

  MadeUpGraph graph_;
  uint64_t store_ = 0;
  uint64_t index_ = 0;
  Snapshot snapshot_;
};

TEST_F(MeasuredGraphTest, HistogramsSayHowManyWereSampled) {
  EXPECT_THAT(
      Times().text,
      HasSubstr(
          "store, queue: 10 sampled, for 990 of 1000 messages\np50 1.02us"));
  EXPECT_THAT(Times().text, HasSubstr("\nstore, total: 1 sampled"));
  EXPECT_THAT(Times().text, Not(HasSubstr("work")));  // nobody measured it
  const auto objects = Objects(Times());
  ASSERT_THAT(objects, SizeIs(2));
  EXPECT_EQ(objects[0]["what"], "queue");
  EXPECT_EQ(objects[0]["sampled"], 10);
  EXPECT_EQ(objects[0]["count"], 990);
  EXPECT_EQ(objects[0]["messages"], 1'000);
  EXPECT_EQ(objects[0]["p90_ns"], 1'023);
  EXPECT_EQ(objects[0]["p99_ns"], 2'000'000);
  EXPECT_EQ(objects[0]["max_ns"], 2'000'000);
  EXPECT_EQ(objects[0]["sum_ns"], 9 * 100 * 1'000 + 90 * 2'000'000);
}

TEST_F(MeasuredGraphTest, PortsAndTimesAreChosen) {
  EXPECT_THAT(Objects(Times({.split = {"total"}})), SizeIs(1));
  HistOptions options;
  options.input.filter.port = "in\"dex";
  EXPECT_EQ(Times(options).text, "nothing was measured yet\n");
}

TEST_F(MeasuredGraphTest, AServiceIsTheSumOfItsPorts) {
  snapshot_.times[index_] = snapshot_.times[store_];
  const auto objects = Objects(Times({.by = HistBy::kService}));
  ASSERT_THAT(objects, SizeIs(2));
  EXPECT_EQ(objects[0]["service"], "stored");
  EXPECT_EQ(objects[0]["sampled"], 20);
  EXPECT_FALSE(objects[0].contains("port"));
}

TEST_F(MeasuredGraphTest, InstancesAreOneService) {
  std::strcpy(snapshot_.processes[0].name, "stored.12");
  EXPECT_EQ(Objects(Times({.by = HistBy::kService}))[0]["service"], "stored");
  EXPECT_THAT(MetricsText(snapshot_), HasSubstr("service=\"stored\""));
  std::strcpy(snapshot_.processes[0].name, "stored.v2");
  EXPECT_EQ(Objects(Times({.by = HistBy::kService}))[0]["service"],
            "stored.v2");
}

TEST_F(MeasuredGraphTest, MetricsAreOfTheFormatAndTellEachPort) {
  const PrometheusPage page(MetricsText(snapshot_));
  EXPECT_THAT(page.complaints(), IsEmpty());
  const auto of = [&](uint64_t id, const std::string& name) {
    return "{port=\"" + name + "\",port_id=\"" + std::to_string(id) +
           "\",service=\"stored\"";
  };
  const std::string store = of(store_, "store");
  EXPECT_EQ(page.Value("keyport_port_messages_total" + store + "}"), 1'000);
  EXPECT_EQ(page.Value("keyport_port_taken_total" + store + "}"), 990);
  EXPECT_EQ(page.Value("keyport_port_payload_bytes_total" + store + "}"),
            64'080);
  EXPECT_EQ(page.Value("keyport_port_queued_bytes" + store + "}"), 640);
  EXPECT_EQ(
      page.Value("keyport_port_messages_total" + of(index_, "in\\\"dex") + "}"),
      0);
  EXPECT_EQ(page.Value("keyport_port_queue_samples_total" + store + "}"), 10);
  const std::string queue = "keyport_port_queue_seconds";
  EXPECT_EQ(page.Value(queue + "_count" + store + "}"), 990);
  EXPECT_EQ(page.Value(queue + "_bucket" + store + ",le=\"0.000001023\"}"),
            900);
  EXPECT_EQ(page.Value(queue + "_bucket" + store + ",le=\"0.000000511\"}"), 0);
  EXPECT_NEAR(page.Value(queue + "_sum" + store + "}"), 0.1809, 1e-9);
}

TEST(TimesBetween, IsWhatWasAddedAndNeverLessThanNothing) {
  ipc::TimeBuckets before = {};
  base::AddTime(1'000, 3, &before);
  ipc::TimeBuckets now = before;
  base::AddTime(9'000, 2, &now);
  const Histogram added = HistogramOf(TimesBetween(before, now));
  EXPECT_EQ(added.count(), 2u);
  EXPECT_EQ(added.Percentile(50), 9'000u);
  EXPECT_EQ(HistogramOf(TimesBetween(now, before)).count(), 0u);
}

}  // namespace
}  // namespace keyport
