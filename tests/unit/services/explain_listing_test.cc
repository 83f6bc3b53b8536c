// What `keyport explain` says, and which handles it knows.
#include "services/cli/explain_listing.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keyport {
namespace {

ipc::Explanation Revoked() {
  ipc::Explanation explanation;
  explanation.handle = 0x1001;
  explanation.fate = ipc::HandleFate::revoked;
  explanation.ended_by = 2;
  explanation.ended_by_name = "clockd";
  explanation.ended_ns = 77;
  ipc::Explanation::Step step;
  step.serial = 9;
  step.object_id = 5;
  step.kind = ipc::ObjectKind::port;
  step.rights = ipc::kRightSend;
  step.badge = 42;
  step.holder = 3;
  step.holder_name = "borrower";
  step.handle = 0x1001;
  step.maker = 2;
  step.maker_name = "clockd";
  explanation.steps = {step};
  return explanation;
}

nlohmann::json JsonOf(ipc::Explanation explanation) {
  return nlohmann::json::parse(
      ListExplanation("borrower(103)", std::move(explanation)).json);
}

TEST(ExplainListing, TellsOfAHandleThatIsLost) {
  const nlohmann::json json = JsonOf(Revoked());
  EXPECT_EQ(json["process"], "borrower(103)");
  EXPECT_EQ(json["handle"], 0x1001);
  EXPECT_EQ(json["open"], false);
  EXPECT_EQ(json["fate"], "revoked");
  EXPECT_EQ(json["ended_by"]["service"], "clockd");
  EXPECT_EQ(json["ended_ns"], 77);
  ASSERT_EQ(json["steps"].size(), 1u);
  EXPECT_EQ(json["steps"][0]["kind"], "port");
  EXPECT_EQ(json["steps"][0]["rights"], "Send");
  EXPECT_EQ(json["steps"][0]["holder"]["service"], "borrower");
  EXPECT_TRUE(json["steps"][0]["ends_ns"].is_null());
  EXPECT_TRUE(json["steps"][0]["trace_limits"].is_null());
  const Listing listing = ListExplanation("borrower(103)", Revoked());
  EXPECT_EQ(listing.text.rfind("borrower(103): handle ", 0), 0u)
      << listing.text;
}

TEST(ExplainListing, AnOpenHandleHasNoFate) {
  ipc::Explanation open = Revoked();
  open.is_open = true;
  open.ended_by = 0;
  open.steps[0].maker = 0;
  open.steps[0].end.ns = 1'000;
  open.steps[0].trace_limits = ipc::TraceLimits{.rate_max = 7};
  const nlohmann::json json = JsonOf(open);
  EXPECT_EQ(json["open"], true);
  EXPECT_TRUE(json["fate"].is_null());
  EXPECT_TRUE(json["ended_by"].is_null());
  EXPECT_TRUE(json["steps"][0]["maker"].is_null());
  EXPECT_EQ(json["steps"][0]["ends_ns"], 1'000);
  EXPECT_EQ(json["steps"][0]["trace_limits"]["rate"], 7);
  EXPECT_TRUE(json["steps"][0]["trace_limits"]["labels"].is_null());
}

TEST(ExplainListing, NamesCannotWriteOnTheTerminal) {
  ipc::Explanation explanation = Revoked();
  explanation.steps[0].maker_name = "evil\x1b[2J\nhandle";
  explanation.ended_by_name = "\x07";
  const std::string text = ListExplanation("a(1)", explanation).text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
  EXPECT_NE(text.find("evil?[2J?handle"), std::string::npos) << text;
}

TEST(ExplainListing, HandlesAreDecimalOrHexadecimal) {
  EXPECT_EQ(ParseHandle("4097"), 4097u);
  EXPECT_EQ(ParseHandle("0x1001"), 0x1001u);
  EXPECT_EQ(ParseHandle("0"), 0u);
  EXPECT_EQ(ParseHandle("4294967295"), 0xffff'ffffu);
  for (const char* wrong :
       {"", "0x", "x1", "12a", "-1", " 1", "0x100000000", "4294967296"})
    EXPECT_EQ(ParseHandle(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace keyport
