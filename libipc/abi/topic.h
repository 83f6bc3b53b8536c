// The memory of a topic: one ring that its publisher writes and every
// subscriber reads, and a page for each subscriber that it writes and the
// publisher reads.
//
//   written by the publisher            written by one subscriber each
//   +------------------------+          +-----------------+
//   | TopicControl (1 page)  |  <------ | SubscriberPage  |  (head, armed)
//   | ring of records        |  ------> +-----------------+
//   +------------------------+            ... up to kTopicSubscribersMax
//
// Each is a memfd that is sealed once its writer has mapped it, as the halves
// of a lane are (lane.h). Every word has one writer, and nobody believes one:
// it is read once and bounded.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libipc/abi/lane.h"

namespace ipc::abi {

// What somebody says of blocks, for tools: a claim.
struct BlockClaims {
  uint64_t blocks;
  uint64_t bytes;
  uint64_t since_ns;  // the oldest (CLOCK_MONOTONIC); 0: there are none
};

// The first page of the publisher's memory. Words that change at different
// times are 128 bytes apart.
struct TopicControl {
  // Bytes of records published, ever; a multiple of 64. Goes on when another
  // publisher follows. Its low 32 bits are the futex word of the subscribers.
  uint64_t tail;
  // The number that the next record will have. Stored between a record's
  // stamp and the tail behind it.
  uint64_t next_sequence;
  uint8_t pad0[112];
  // Where the oldest record begins that is still whole. Moved before what lies
  // below it is overwritten: a reader who finds it behind its own position
  // after copying has copied a whole record.
  uint64_t oldest;
  // Not 0: the publisher waits until every reliable subscriber has read up to
  // here. Who passes it wakes the futex on its own head.
  uint64_t room_at;
  // Not 0: whoever passes `room_at` need make no fence before looking: the
  // publisher, before it sleeps, makes the barrier for all.
  uint32_t barrier;
  // Not 0: after publishing, the publisher looks at `armed` without a fence;
  // who arms and finds it set makes the barrier.
  uint32_t unfenced;
  // Blocks of records that begin below this are taken back. Moved before they
  // are used for anything else.
  uint64_t blocks_from;
  // As room_at: the publisher waits until every reliable subscriber has given
  // back what lies below.
  uint64_t blocks_at;
  uint8_t pad1[88];
  // Blocks that have not come back, and the position of the oldest's record.
  BlockClaims lent;
  uint64_t lent_from;
  uint8_t pad2[96];
  uint8_t reserved[kControlBytes - 3 * 128];
};
static_assert(sizeof(TopicControl) == kControlBytes);
static_assert(offsetof(TopicControl, oldest) == 128);
static_assert(offsetof(TopicControl, lent) == 256);

// A subscriber's words. They lie in its page at a place that depends on its
// seat, because the first lines of many pages fall on one set of the
// publisher's cache.
struct SubscriberSleep {
  uint32_t armed;    // ArmBits and generation, as in HalfControl
  uint32_t barrier;  // not 0: minds the publisher's `unfenced`
  uint8_t pad[56];
};
struct SubscriberCursor {
  uint64_t head;   // of a reliable one: bytes of the ring read, ever
  uint64_t taken;  // records read: a claim, for tools
  uint64_t lost;   // records missed: a claim
  // No block of a record below this is held, or will be.
  uint64_t held;
  BlockClaims holding;  // blocks that it has taken and not let go of
  uint8_t pad[8];
};
inline constexpr uint32_t kSubscriberPlaces = 32;
struct SubscriberPage {
  SubscriberSleep sleep[kSubscriberPlaces];
  SubscriberCursor cursor[kSubscriberPlaces];
};
static_assert(sizeof(SubscriberPage) == kControlBytes);
constexpr uint32_t SubscriberPlace(uint32_t seat) {
  return seat % kSubscriberPlaces;
}

// A record starts at a multiple of 64 of the ring's position and takes header
// and payload, rounded up to 64. The ring is mapped twice in a row. It is
// published by storing `stamp` last, key plus position; before that the place
// of the next stamp is cleared, so that no older content can pass for one.
struct TopicHeader {
  uint64_t stamp;
  uint32_t payload_bytes;
  uint32_t label;     // the publisher's own word for what this is
  uint64_t sequence;  // of the record: 1, 2, 3, ... over all publishers
  uint64_t flags;     // TopicFlags
};
static_assert(sizeof(TopicHeader) == sizeof(RecordHeader));

enum class TopicFlags : uint64_t {
  none = 0,
  block = 1,  // the payload is a TopicBlock
};

// A block of a region that the publisher attached (topic_attach), to be read
// in place.
struct TopicBlock {
  uint32_t attachment;
  uint32_t reserved;
  uint64_t offset;
  uint64_t bytes;
};
static_assert(sizeof(TopicBlock) == 24);

// No record takes more than this of a ring.
constexpr uint64_t TopicRecordMost(uint64_t ring_bytes) {
  return ring_bytes / 2;
}

}  // namespace ipc::abi
