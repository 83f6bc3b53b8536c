// Lane: the two-way connection between one Send capability in use and the
// port's listener. Plain state; object/lanes.h changes it.
//
//   sender end                          listener end
//   half A: requests  ------------->    reads
//   reads             <-------------    half B: replies
//
// The sender's end lasts as long as the lane; listeners come and go. What
// they had taken and answered stays in `taken` and `reply_end`, where the
// next one goes on.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "kernel/cap/account.h"
#include "kernel/cap/capability.h"
#include "kernel/object/attachments.h"
#include "libipc/abi/lane.h"
#include "libipc/base/half.h"

namespace kernel {

class Port;
class Region;
class Reply;

enum class LaneEnd : uint8_t { kSender = 0, kListener = 1 };
constexpr LaneEnd Opposite(LaneEnd end) {
  return end == LaneEnd::kSender ? LaneEnd::kListener : LaneEnd::kSender;
}

// Capabilities on their way through a lane.
struct Transfer {
  struct Item {
    Capability* capability;  // null: revoked on the way
    ObjectKind kind;
  };
  uint64_t token;
  LaneEnd from;
  uint64_t process;  // who staged it, and alone may cancel
  Account* charged;  // for a message, and the items' handles
  std::vector<Item> items;
};

// Memory of a lane's requests beside the base ring, which lies in half A.
struct GrownRing {
  uint32_t bytes = 0;
  uint64_t key = 0;
  UniqueFd memory;
  // Half A's control words with this ring; null until its writer has mapped it.
  std::shared_ptr<base::Half> half;
};
// Where requests are from a position on.
struct RequestRing {
  uint64_t start = 0;
  std::unique_ptr<GrownRing> grown;  // null: the base ring
};

class Lane : public Object {
 public:
  struct End {
    Session* session = nullptr;
    uint64_t process = 0;
    Capability* handle = nullptr;  // null: left
    uint64_t key = 0;
    UniqueFd memory;                   // of the half that this end writes
    std::shared_ptr<base::Half> half;  // once it is ready
    Attachments attachments;
    int64_t since_ns = 0;            // when it came
    abi::LaneCounters counted = {};  // believed so far
    bool ready() const { return half != nullptr; }
  };

  // For that capability's holder.
  Lane(uint64_t object_id, Port* lane_port, const Capability& sends)
      : Object(ObjectKind::lane, object_id),
        port(lane_port),
        badge(sends.badge),
        band(sends.band) {}

  End& end(LaneEnd which) { return ends[static_cast<size_t>(which)]; }
  const End& sender() const { return ends[0]; }
  // Half A as its writer writes to it now; null until it is ready.
  const std::shared_ptr<base::Half>& requests() const {
    return ring.grown != nullptr ? ring.grown->half : sender().half;
  }
  const End& listener() const { return ends[1]; }
  // A listener has been given this lane.
  bool bound() const { return ends[1].session != nullptr; }
  // Published messages wait for a next listener, though the sender is gone.
  bool has_leftover() const { return sender_cut && taken < cut_end; }

  // Constant after construction.
  Port* const port;
  const uint64_t badge;
  const uint8_t band;
  Charges charges;
  Account* charged = nullptr;

  End ends[2];
  UniqueFd listener_bell;
  UniqueFd offer;                         // of a rendezvous, else none
  Capability* send_capability = nullptr;  // null once it is gone

  // At most one change of rings is under way (lanes_resize.cc):
  //   ring --Resize--> ring, asked --Resized--> last, ring --taken--> ring
  RequestRing ring;
  std::unique_ptr<RequestRing> last;  // the one before, not all taken yet
  std::unique_ptr<RequestRing> asked;
  // Since when it has needed no more than the base ring, and where it was.
  int64_t modest_since_ns = 0;
  uint64_t modest_start = 0;
  bool told_idle = false;

  uint64_t taken = 0;        // requests below it were taken
  uint64_t reply_end = 0;    // replies published up to here
  uint64_t cut_end = 0;      // requests published, once sender_cut
  uint64_t next_number = 0;  // expected at `taken`, of an overwriting port
  abi::LaneCounters past_listeners = {};

  Error sender_leaves = Error::ok;  // why, once it must be cut
  bool cut = false;
  bool sender_cut = false;   // cut from the sender's side
  bool queued = false;       // to be settled
  bool retired = false;      // waits to be destroyed
  uint64_t listening = 0;    // serial of the capability bound to
  abi::LaneTracing tracing;  // as its ends were told

  uint64_t last_token = 0;
  std::map<uint64_t, std::unique_ptr<Transfer>> transfers;
  std::map<uint32_t, Reply*> replies;  // open, by correlation
};

}  // namespace kernel
