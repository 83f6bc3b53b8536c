// Messages: what is encoded comes back, and anything else is refused.
#include "examples/search/protocol.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "examples/search/batch.h"

namespace search {
namespace {

Additions SomeAdditions() {
  Additions additions;
  additions.crawl = 77;
  additions.files.push_back(
      {3, kFileInvalidUtf8, 1234, "a/b\nc", {{"int", 5}, {"x", 1}}});
  additions.files.push_back({4, 0, 1, "d", {}});
  return additions;
}

Answer SomeAnswer() {
  Answer answer;
  answer.files = 9;
  answer.bytes = 1u << 20;
  answer.words.push_back({"int", 12, 2, {{"a", 7}, {"b", 5}}});
  return answer;
}

TEST(Protocol, AdditionsComeBack) {
  const auto back = DecodeAdditions(ipc::BytesOf(Encode(SomeAdditions())));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->files.size(), 2u);
  EXPECT_EQ(back->crawl, 77u);
  EXPECT_EQ(back->files[0].path, "a/b\nc");
  EXPECT_EQ(back->files[0].terms[0].term, "int");
  EXPECT_EQ(back->files[0].terms[0].count, 5u);
}

TEST(Protocol, AnswersComeBack) {
  const auto back = DecodeAnswer(ipc::BytesOf(Encode(SomeAnswer())));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->words[0].count, 12u);
  EXPECT_EQ(back->words[0].top[1].term, "b");
}

TEST(Protocol, SmallMessagesComeBack) {
  const auto query =
      DecodeQuery(ipc::BytesOf(Encode(Query{3, {"int", "return"}})));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->words[1], "return");
  const auto note =
      DecodeCrawlNote(ipc::BytesOf(Encode(CrawlNote{1, 2, "why"})));
  ASSERT_TRUE(note);
  EXPECT_EQ(note->error, "why");
  Progress figures;
  figures.bytes_total = 42;
  EXPECT_EQ(DecodeProgress(ipc::BytesOf(Encode(figures)))->bytes_total, 42u);
  EXPECT_EQ(DecodeOutcome(ipc::BytesOf(Encode(Outcome::kStored))),
            Outcome::kStored);
  BatchAnswer answer{Outcome::kStored, {{7, kFileBinary}}};
  EXPECT_EQ(DecodeBatchAnswer(ipc::BytesOf(Encode(answer))).flagged[0].id, 7u);
}

TEST(Protocol, EveryCutMessageIsRefused) {
  const std::string additions = Encode(SomeAdditions());
  for (size_t bytes = 0; bytes < additions.size(); ++bytes)
    EXPECT_FALSE(DecodeAdditions(ipc::BytesOf(additions).first(bytes)));
  const std::string answer = Encode(SomeAnswer());
  for (size_t bytes = 0; bytes < answer.size(); ++bytes)
    EXPECT_FALSE(DecodeAnswer(ipc::BytesOf(answer).first(bytes)));
  EXPECT_FALSE(DecodeAdditions(ipc::BytesOf(additions + "x")));
}

TEST(Protocol, ALyingCountReservesNothing) {
  const std::string lie = std::string(8, '\1') + "\xff\xff\xff\xff";
  EXPECT_FALSE(DecodeAdditions(ipc::BytesOf(lie)));
  EXPECT_FALSE(DecodeBatch(ipc::BytesOf(lie)));
}

TEST(Protocol, SpoiltMessagesNeverCrash) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = Encode(SomeAdditions());
    for (int i = 0; i < 4; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    (void)DecodeAdditions(ipc::BytesOf(bytes));
    (void)DecodeAnswer(ipc::BytesOf(bytes));
    (void)DecodeBatch(ipc::BytesOf(bytes));
    (void)DecodeQuery(ipc::BytesOf(bytes));
    (void)DecodeBatchAnswer(ipc::BytesOf(bytes));
  }
}

void Put(BatchWriter& writer, uint32_t id, std::string_view path,
         std::string_view text) {
  const auto place = writer.ContentPlace(path, text.size());
  ASSERT_EQ(place.size(), text.size());
  std::memcpy(place.data(), text.data(), text.size());
  writer.Commit(id, path, text.size());
}

TEST(Batch, FilesComeBack) {
  std::vector<std::byte> block(1'000);
  BatchWriter writer(block, 5);
  Put(writer, 1, "one", "first");
  (void)writer.ContentPlace("given up", 10);
  Put(writer, 9, "two", "second");
  const auto batch = DecodeBatch(ipc::Bytes(block).first(writer.bytes()));
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->crawl, 5u);
  ASSERT_EQ(batch->files.size(), 2u);
  EXPECT_EQ(batch->files[1].id, 9u);
  EXPECT_EQ(batch->files[1].path, "two");
  EXPECT_EQ(ipc::TextOf(batch->files[1].contents), "second");
}

TEST(Batch, WhatDoesNotFitHasNoPlace) {
  std::vector<std::byte> block(BatchWriter::kHeaderBytes +
                               BatchWriter::FileBytes(1, 10));
  BatchWriter writer(block, 5);
  EXPECT_TRUE(writer.ContentPlace("a", 11).empty());
  EXPECT_EQ(writer.ContentPlace("a", 10).size(), 10u);
}

}  // namespace
}  // namespace search
