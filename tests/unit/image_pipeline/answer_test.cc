// What the services say to each other, also when it is malformed.
#include "examples/image_pipeline/answer.h"

#include <gtest/gtest.h>

namespace image_pipeline {
namespace {

TEST(Answer, ArrivesAsItWasSent) {
  Answer answer = {.png_bytes = 77, .shape = {3, 2, 1}};
  ASSERT_TRUE(answer.history.Add(Filter::kBlur));
  answer.history.bytes_lent = 99;
  const auto got = DecodeAnswer(ipc::BytesOf(Encode(answer)));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->png_bytes, 77u);
  EXPECT_EQ(got->shape, answer.shape);
  EXPECT_EQ(got->history.filter_count, 1u);
  EXPECT_EQ(got->history.filters[0], Filter::kBlur);
  EXPECT_EQ(got->history.bytes_lent, 99u);
}

TEST(Answer, MayBeAnError) {
  const auto got = DecodeAnswer(ipc::BytesOf(Encode({.error = "no PNG"})));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->error, "no PNG");
}

TEST(Answer, MalformedIsNothing) {
  const std::string whole = Encode({.png_bytes = 1, .shape = {3, 2, 1}});
  for (size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(DecodeAnswer(ipc::BytesOf(whole.substr(0, bytes))));
  EXPECT_FALSE(DecodeAnswer(ipc::BytesOf(whole + "x")));
  EXPECT_FALSE(DecodeAnswer(ipc::BytesOf(Encode({.shape = {0, 2, 1}}))));
  EXPECT_FALSE(DecodeAnswer(ipc::BytesOf(Encode({.shape = {1, 1, 5}}))));
}

TEST(History, HasRoomForTwelveFilters) {
  History history;
  for (uint32_t i = 0; i < kFiltersMax; ++i)
    EXPECT_TRUE(history.Add(Filter::kBlur));
  EXPECT_FALSE(history.Add(Filter::kBlur));
}

TEST(Transit, AMessageWithoutPayloadIsNoImage) {
  EXPECT_FALSE(DecodeAnswer({}).has_value());
  const ipc::Message empty;
  EXPECT_FALSE(Arrive(empty).has_value());
}

}  // namespace
}  // namespace image_pipeline
