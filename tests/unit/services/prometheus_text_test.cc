// A trace's summary for Prometheus.
#include "services/tracer/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/services/prometheus_page.h"

namespace keyport {
namespace {

TracedMessage Call(uint64_t total_ns) {
  TracedMessage message;
  message.port = 9;
  message.is_call = true;
  message.payload_bytes = 40;
  message.handles = 1;
  message.status = MessageStatus::kOk;
  message.total_ns = total_ns;
  return message;
}

std::string TextOf(const TraceSummary& summary,
                   const std::string& name = "store") {
  return PrometheusText(summary, [name](uint64_t) { return name; }, {120, 17});
}

TEST(PrometheusText, HoldsCountersOfEachPortAndOfTheTrace) {
  TraceSummary summary;
  summary.Add(Call(1'000));
  TracedMessage failed = Call(2'000);
  failed.status = MessageStatus::kError;
  summary.Add(failed);
  const PrometheusPage page(TextOf(summary));
  EXPECT_THAT(page.complaints(), testing::IsEmpty());
  const std::string of = "{port=\"store\",port_id=\"9\"}";
  EXPECT_EQ(page.Value("keyport_messages_total" + of), 2);
  EXPECT_EQ(page.Value("keyport_errors_total" + of), 1);
  EXPECT_EQ(page.Value("keyport_payload_bytes_total" + of), 80);
  EXPECT_EQ(page.Value("keyport_handles_total" + of), 2);
  EXPECT_EQ(page.Value("keyport_trace_records_seen_total"), 120);
  EXPECT_EQ(page.Value("keyport_trace_records_lost_total"), 17);
}

TEST(PrometheusText, BucketsCountExactlyWhatIsAtMostTheirBound) {
  TraceSummary summary;
  for (const uint64_t ns :
       {1ull, 255ull, 256ull, 1'023ull, 1'024ull, 20'000'000'000ull})
    summary.Add(Call(ns));
  const PrometheusPage page(TextOf(summary));
  EXPECT_THAT(page.complaints(), testing::IsEmpty());
  const auto at_most = [&](const std::string& bound) {
    return page.Value(
        "keyport_total_seconds_bucket{port=\"store\",port_id=\"9\",le=\"" +
        bound + "\"}");
  };
  EXPECT_EQ(at_most("0.000000255"), 2);
  EXPECT_EQ(at_most("0.000000511"), 3);
  EXPECT_EQ(at_most("0.000001023"), 4);
  EXPECT_EQ(at_most("0.000002047"), 5);
  EXPECT_EQ(at_most("17.179869183"), 5);
  EXPECT_EQ(at_most("+Inf"), 6);
  EXPECT_EQ(
      page.Value("keyport_total_seconds_sum{port=\"store\",port_id=\"9\"}"),
      20.000002559);
}

TEST(PrometheusText, AnyNameAndTimeGivesAValidPage) {
  TraceSummary summary;
  TracedMessage message = Call(UINT64_MAX);
  message.queue_ns = 0;
  summary.Add(message);
  summary.Add(message);
  for (const std::string name : {"a\"b", "\\", "\xff\n", "{le=\"1\"}", ""}) {
    const PrometheusPage page(TextOf(summary, name));
    EXPECT_THAT(page.complaints(), testing::IsEmpty()) << name;
  }
}

TEST(PrometheusText, PortsBeyondTheLimitAreOne) {
  TraceSummary summary;
  TracedMessage message = Call(1);
  for (message.port = 0; message.port < TraceSummary::kPortsMax + 5;
       ++message.port)
    summary.Add(message);
  EXPECT_THAT(TextOf(summary),
              testing::HasSubstr("\nkeyport_messages_total{port=\"(others)\","
                                 "port_id=\"\"} 5\n"));
}

}  // namespace
}  // namespace keyport
