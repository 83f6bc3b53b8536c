// Regions as a user of libipc has them: mapping, growing, granting, copying,
// and finding out that the contents are gone.
#include "ipc/region.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::World;

constexpr uint64_t kPage = 4096;

class Regions : public ::testing::Test {
 protected:
  Session& session() { return world_->root(); }
  Region Make(const RegionOptions& options) {
    return Must(Region::Create(session(), options));
  }
  static void Fill(const Mapping& mapping, uint8_t byte) {
    std::ranges::fill(mapping.bytes(), std::byte{byte});
  }
  static std::byte At(const Mapping& mapping, uint64_t offset) {
    std::byte byte{};
    Must(mapping.Read(offset, std::span(&byte, 1)));
    return byte;
  }
  std::unique_ptr<World> world_ = World::Start();
};

TEST_F(Regions, GrowUnderTheirMappings) {
  Region region = Make({.bytes = kPage, .bytes_most = 64 * kPage});
  Mapping writer = Must(region.MapWrite());
  Must(region.SealSingleWriter());
  Mapping reader = Must(region.MapRead());
  const std::byte* const before = reader.bytes().data();
  EXPECT_EQ(reader.bytes().size(), kPage);
  Must(region.Grow(8 * kPage));
  EXPECT_EQ(reader.bytes().size(), kPage);
  Must(reader.Refresh());
  Must(writer.Refresh());
  EXPECT_EQ(reader.bytes().size(), 8 * kPage);
  EXPECT_EQ(reader.bytes().data(), before);
  writer.bytes()[8 * kPage - 1] = std::byte{7};
  EXPECT_EQ(At(reader, 8 * kPage - 1), std::byte{7});
  EXPECT_EQ(region.bytes(), 8 * kPage);
}

TEST_F(Regions, ThatAreFixedGrowNoMore) {
  Region region = Make({.bytes = kPage, .bytes_most = 64 * kPage});
  EXPECT_TRUE(Must(region.Info()).growable);
  Must(region.Fix());
  EXPECT_FALSE(Must(region.Info()).growable);
  EXPECT_EQ(ErrorOf(region.Grow(2 * kPage)), Error::bad_state);
}

TEST_F(Regions, AreMappedInParts) {
  Region region = Make({.bytes = 4 * kPage});
  Mapping whole = Must(region.MapWrite());
  whole.bytes()[2 * kPage] = std::byte{5};
  const Mapping part = Must(region.MapRead({.offset = 2 * kPage, .bytes = 10}));
  EXPECT_EQ(part.bytes().size(), 10u);
  EXPECT_EQ(At(part, 0), std::byte{5});
  EXPECT_EQ(ErrorOf(region.MapRead({.offset = 4 * kPage}).status()),
            Error::out_of_range);
  EXPECT_EQ(ErrorOf(region.MapRead({.offset = 1}).status()),
            Error::invalid_args);
}

TEST_F(Regions, InHugePagesSayWhatTheyGot) {
  const Region region =
      Make({.bytes = kPage, .huge_pages = HugePages::kIfThereAre});
  const RegionInfo info = Must(region.Info());
  EXPECT_NE(std::string_view(PagesName(info.pages)), "unknown");
  Fill(Must(region.MapWrite()), 1);
}

TEST_F(Regions, GrantedForReadingAreEnforcedOrNotGranted) {
  const Region region = Make({.bytes = kPage});
  EXPECT_EQ(ErrorOf(region.GrantRead().status()), Error::bad_state);
  const ReadGrant weak = Must(region.GrantRead(Enforcement::kWhatThereIs));
  EXPECT_EQ(weak.guarantee, Guarantee::kNone);
  EXPECT_NE(std::string_view(NotEnforced(weak.guarantee)), "");
  const Mapping writer = Must(region.MapWrite());
  Must(region.SealSingleWriter());
  ReadGrant strong = Must(region.GrantRead());
  EXPECT_EQ(strong.guarantee, Guarantee::kSingleWriter);
  EXPECT_EQ(strong.writers, 1u);
  const Region granted = Must(Region::Adopt(std::move(strong.capability)));
  EXPECT_TRUE(granted.MapRead().ok());
  EXPECT_EQ(ErrorOf(granted.MapWrite().status()), Error::access_denied);
  EXPECT_EQ(ErrorOf(granted.DestroyContents().status()), Error::access_denied);
}

TEST_F(Regions, CopyIsASnapshotThatLaterWritesDoNotReach) {
  const Region region = Make({.bytes = 4 * kPage});
  const Mapping writer = Must(region.MapWrite());
  Fill(writer, 1);
  const Region snapshot = Must(region.Copy());
  Fill(writer, 2);
  const Mapping copy = Must(snapshot.MapRead());
  EXPECT_EQ(copy.guarantee(), Guarantee::kImmutable);
  EXPECT_EQ(copy.bytes().size(), 4 * kPage);
  EXPECT_EQ(At(copy, 4 * kPage - 1), std::byte{1});
}

TEST_F(Regions, CopyOfAPartShowsNothingOfTheRest) {
  const Region region = Make({.bytes = 4 * kPage});
  const Mapping writer = Must(region.MapWrite());
  Fill(writer, 1);
  writer.bytes()[kPage] = std::byte{9};
  const Region slice = Must(region.Copy({.offset = kPage, .bytes = kPage}));
  EXPECT_EQ(Must(slice.Info()).bytes_most, kPage);
  EXPECT_EQ(At(Must(slice.MapRead()), 0), std::byte{9});
}

TEST_F(Regions, SideBySideAreOneWholeOfWhichEachSliceIsGrantedAlone) {
  const Region head = Make({.bytes = kPage});
  const Region body = Make({.bytes = 3 * kPage});
  const Region* const parts[] = {&head, &body};
  const Mapping whole = Must(MapTogether(parts, base::Access::kReadWrite));
  EXPECT_EQ(whole.bytes().size(), 4 * kPage);
  whole.bytes()[kPage] = std::byte{3};
  whole.bytes()[kPage - 1] = std::byte{4};
  for (const Region* part : parts) Must(part->SealSingleWriter());
  const InitialCapability initial[] = {
      {"body", &body.capability(), kRightRead | kRightMap}};
  auto peer = world_->StartPeer("reader", initial, [](Session& peer_session) {
    const Region slice = Must(Region::Adopt(Must(peer_session.Take("body"))));
    const Mapping mapping = Must(slice.MapRead());
    EXPECT_EQ(mapping.bytes().size(), 3 * kPage);
    EXPECT_EQ(mapping.bytes()[0], std::byte{3});
  });
  peer->Join();
  EXPECT_EQ(ErrorOf(MapTogether({}, base::Access::kRead).status()),
            Error::invalid_args);
}

TEST_F(Regions, CopyOnWriteIsPrivateAndOnlyOfWhatIsImmutable) {
  const Region region = Make({.bytes = 2 * kPage});
  EXPECT_EQ(ErrorOf(region.MapCopyOnWrite().status()), Error::bad_state);
  { Fill(Must(region.MapWrite()), 1); }
  Must(region.SealImmutable());
  const Mapping mine = Must(region.MapCopyOnWrite());
  const Mapping theirs = Must(region.MapRead());
  mine.bytes()[0] = std::byte{2};
  EXPECT_EQ(At(mine, 0), std::byte{2});
  EXPECT_EQ(At(mine, kPage), std::byte{1});
  EXPECT_EQ(At(theirs, 0), std::byte{1});
}

TEST_F(Regions, AGuardedReadOfDestroyedContentsSaysSo) {
  for (const Erasable erasable : {Erasable::kUntilSealed, Erasable::kAlways}) {
    const Region region = Make({.bytes = kPage, .erasable = erasable});
    const Mapping writer = Must(region.MapWrite());
    Fill(writer, 1);
    Must(region.SealSingleWriter());
    const Mapping reader = Must(region.MapRead());
    EXPECT_EQ(At(reader, 0), std::byte{1});
    const DestroyReceipt receipt = Must(region.DestroyContents());
    EXPECT_EQ(receipt.mappings, 2u);
    EXPECT_EQ(receipt.sessions, 1u);
    EXPECT_EQ(receipt.reached, erasable == Erasable::kAlways
                                   ? RegionState::kErased
                                   : RegionState::kKept);
    std::byte byte{};
    const absl::Status status = reader.Read(0, std::span(&byte, 1));
    EXPECT_EQ(ErrorOf(status), Error::bad_state);
    EXPECT_NE(status.message().find("destroyed"), absl::string_view::npos);
    EXPECT_EQ(ErrorOf(region.MapRead().status()), Error::bad_state);
    EXPECT_EQ(ErrorOf(region.Copy().status()), Error::bad_state);
  }
}

TEST_F(Regions, GuardedReadsOfOthersGoOnAfterADestruction) {
  const Region lost = Make({.bytes = kPage});
  const Region kept = Make({.bytes = kPage});
  const Mapping lost_mapping = Must(lost.MapRead());
  const Mapping kept_mapping = Must(kept.MapWrite());
  Fill(kept_mapping, 5);
  Must(lost.DestroyContents());
  EXPECT_EQ(At(kept_mapping, 0), std::byte{5});
  EXPECT_EQ(At(kept_mapping, 0), std::byte{5});
  std::byte byte{};
  EXPECT_EQ(ErrorOf(lost_mapping.Read(0, std::span(&byte, 1))),
            Error::bad_state);
}

TEST_F(Regions, AReadBeyondTheEndIsOutOfRange) {
  const Region region = Make({.bytes = kPage, .bytes_most = 2 * kPage});
  const Mapping mapping = Must(region.MapRead());
  std::vector<std::byte> bytes(2 * kPage);
  Must(mapping.Read(kPage, std::span(bytes).first(0)));
  for (const uint64_t offset : {uint64_t{1}, kPage, kPage + 1, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(mapping.Read(offset, std::span(bytes).first(kPage))),
              Error::out_of_range);
}

// Whatever it has read as whole was never a mixture of contents and zeros.
TEST_F(Regions, AReaderInAnotherProcessNeverTakesZerosForContents) {
  const Region region = Make({.bytes = 256 * kPage});
  { Fill(Must(region.MapWrite()), 1); }
  Capability port = world_->NewPort();
  const InitialCapability initial[] = {
      {"region", &region.capability(), kRightRead | kRightMap},
      {"port", &port, kRightSend}};
  auto peer = world_->StartPeer("reader", initial, [](Session& peer_session) {
    const Region shared =
        Must(Region::Adopt(Must(peer_session.Take("region"))));
    const Mapping mapping = Must(shared.MapRead());
    Sender sender = Must(Sender::Create(Must(peer_session.Take("port"))));
    std::vector<std::byte> bytes(256 * kPage);
    Must(mapping.Read(0, bytes));
    Must(sender.Send("reading"));
    absl::Status status;
    while ((status = mapping.Read(0, bytes)).ok())
      ASSERT_EQ(std::ranges::count(bytes, std::byte{1}),
                static_cast<std::ptrdiff_t>(bytes.size()));
    EXPECT_EQ(ErrorOf(status), Error::bad_state);
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Must(receiver.Receive(testing_kit::Soon()));
  EXPECT_EQ(Must(region.DestroyContents()).reached, RegionState::kErased);
  peer->Join();
}

}  // namespace
}  // namespace ipc
