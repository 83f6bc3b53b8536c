// What the model knows of the kernel: sessions with their tables, objects,
// capabilities, transfers. Plain containers and no cleverness; model.h
// changes them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "libipc/abi/requests.h"
#include "libipc/abi/types.h"

namespace model {

namespace abi = ::ipc::abi;
using abi::AccountItem;
using abi::Error;
using abi::Handle;
using abi::HandleFate;
using abi::ObjectKind;
using abi::Rights;

// The kernel and the model do not agree.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Ending { kClosed, kMoved, kRevoked, kExpired, kDeath };
enum class End { kSender = 0, kListener = 1 };

using Amounts = std::array<uint64_t, abi::kAccountItems>;

struct Account;
struct Cap;
struct Lane;
struct Port;
struct Process;
struct Region;
struct Reply;
struct Session;
struct Transfer;

// One parked object_watch, or notification_wait.
struct Watch {
  Session* session = nullptr;
  Cap* cap = nullptr;
  uint64_t user_data = 0;
  abi::Signals signals = 0;  // 0: it takes from a notification
  uint64_t mask = 0;
  uint32_t options = 0;
  uint64_t order = 0;
};

struct Object {
  Object(ObjectKind object_kind, uint64_t object_id)
      : kind(object_kind), id(object_id) {}
  virtual ~Object() = default;
  bool needed() const { return caps != 0 || users != 0; }

  const ObjectKind kind;
  const uint64_t id;
  uint64_t caps = 0;   // in tables and in flight
  uint64_t users = 0;  // charges, children, sessions, lanes, mappings
  std::map<uint64_t, Watch*>
      watches;  // by user_data, which is never used twice
};

struct Account : Object {
  explicit Account(uint64_t object_id)
      : Object(ObjectKind::account, object_id) {}
  std::string name;
  bool shared() const { return (options & abi::kAccountShared) != 0; }
  // Its own, else the nearest one above; ~0: none.
  uint64_t EffectiveLimit(size_t item) const;
  // Those right below that use some of it.
  uint64_t Consumers(size_t item) const;

  Account* parent = nullptr;
  std::set<Account*> children;
  uint32_t depth = 0;
  uint32_t options = 0;
  Amounts used = {};
  Amounts limit = {};  // 0: none of its own
  Amounts soft = {};   // 0: none
  uint32_t at_soft = 0;
  uint64_t generation = 0;  // how often an item came to its soft limit
};

struct Port : Object {
  explicit Port(uint64_t object_id) : Object(ObjectKind::port, object_id) {}
  struct Listener {
    Session* session;
    Cap* cap;
    uint64_t lanes;
  };
  Listener* FindListener(const Session* session);
  bool rendezvous() const { return (options & abi::kPortRendezvous) != 0; }
  bool shareable() const { return (options & abi::kPortShareable) != 0; }

  std::string name;
  uint32_t options = 0;
  uint32_t ring_bytes = 0;
  uint32_t ring_bytes_max = 0;
  uint64_t owner = 0;
  Account* charged = nullptr;
  std::vector<Listener> listeners;
  std::map<uint64_t, Lane*> lanes;  // by id
  uint64_t senders = 0;             // with Send and without Receive
  uint64_t send_caps = 0;
  uint64_t receivers = 0;
  uint64_t generation = 0;  // how often no_senders became true
  bool no_senders = false;
  bool closed = false;
};

struct Region : Object {
  explicit Region(uint64_t object_id) : Object(ObjectKind::region, object_id) {}
  uint64_t bytes = 0;
  uint64_t bytes_most = 0;
  uint32_t options = 0;
  uint64_t owner = 0;
  Account* charged = nullptr;
  abi::Guarantee guarantee = abi::kGuaranteeNone;
  uint64_t writers = 0;  // once sealed
  uint64_t sessions = 0;
  uint64_t grants = 0;
  uint64_t attachments = 0;
};

struct Process : Object {
  explicit Process(uint64_t object_id)
      : Object(ObjectKind::process, object_id) {}
  std::string name;
  abi::ProcessState state = abi::ProcessState::waiting;
  int32_t pid = 0;
  uint64_t requests = 0;
  Session* session = nullptr;  // null once it is cleared away
};

struct Notification : Object {
  explicit Notification(uint64_t object_id)
      : Object(ObjectKind::notification, object_id) {}
  bool Has(uint64_t mask) const;
  uint64_t Take(uint64_t mask, uint32_t options);

  abi::NotificationKind type = abi::NotificationKind::bits;
  uint64_t owner = 0;
  Account* charged = nullptr;
  uint64_t value = 0;
  bool fresh = false;                 // of the latest word: nobody took it yet
  std::map<uint64_t, Watch*> takers;  // by the order they came
};

// The right to answer one call. It is open as long as it has a lane.
struct Reply : Object {
  explicit Reply(uint64_t object_id) : Object(ObjectKind::reply, object_id) {}
  bool open() const { return lane != nullptr; }

  uint32_t correlation = 0;
  uint32_t label = 0;
  uint64_t flow = 0;
  uint64_t deadline = 0;
  Lane* lane = nullptr;
  abi::ReplyState state = abi::ReplyState::open;
  Account* charged = nullptr;  // for one message, while it is open
};

// Capabilities staged in a lane. null: revoked on the way.
struct Transfer {
  struct Item {
    Cap* cap;
    ObjectKind kind;
  };
  Lane* lane = nullptr;  // null: the lane is gone, nobody will get them
  uint64_t token = 0;
  End from = End::kSender;
  uint64_t process = 0;
  Account* charged = nullptr;  // for the message
  std::vector<Item> items;
};

// What attachments made with a capability hang on, though it is closed.
struct Warrant {
  uint64_t badge = 0;
  bool revoked = false;
  bool unsure = false;  // left while revokes ran
};

struct Lane : Object {
  explicit Lane(uint64_t object_id) : Object(ObjectKind::lane, object_id) {}
  struct Side {
    Session* session = nullptr;
    uint64_t process = 0;
    Cap* handle = nullptr;
    bool ready = false;  // the kernel looks at what it has written
    uint64_t tail = 0;   // written: what it has published
    uint64_t head = 0;   // written: what it has taken of the other's
    struct Attachment {
      Region* region;
      std::shared_ptr<Warrant> warrant;
      bool mapped = false;
    };
    std::map<uint64_t, Attachment> attachments;
    uint64_t attached = 0;  // so far
  };
  Side& side(End end) { return sides[static_cast<size_t>(end)]; }
  const Side& side(End end) const { return sides[static_cast<size_t>(end)]; }
  bool bound() const { return side(End::kListener).session != nullptr; }
  struct Positions {
    uint64_t request_end, taken, reply_end;
  };
  Positions Measure() const;
  // The sender is gone, and what it sent waits for a next listener.
  bool left_over() const;

  Port* port = nullptr;
  uint64_t badge = 0;
  uint8_t band = 0;
  Account* charged = nullptr;
  Amounts charges = {};
  std::array<Side, 2> sides;
  Cap* send_cap = nullptr;  // it was made with; null once that is gone
  uint64_t listening = 0;   // serial of the capability that it is bound to
  Error sender_leaves = Error::ok;
  bool why_unsure = false;  // revoked and ended in the same turn
  bool cut = false;
  bool sender_cut = false;
  uint64_t taken = 0;      // requests below it were taken
  uint64_t reply_end = 0;  // replies were published up to here
  uint64_t cut_end = 0;    // requests were, once sender_cut
  bool retired = false;    // both ends have left
  uint64_t last_token = 0;
  std::map<uint64_t, std::unique_ptr<Transfer>> transfers;
  std::map<uint32_t, Reply*> replies;  // open, by correlation
};

struct Cap {
  uint64_t serial = 0;
  Object* object = nullptr;
  Rights rights = 0;
  Rights rights_at_first = 0;
  uint64_t badge = 0;
  uint8_t band = 0;
  Cap* parent = nullptr;              // the nearest living one
  std::map<uint64_t, Cap*> children;  // by serial
  // Exactly one of the two is set.
  Session* holder = nullptr;
  Transfer* transfer = nullptr;
  size_t index = 0;  // in the transfer
  Handle handle = abi::kNoHandle;
  Account* charged = nullptr;
  uint64_t made_by = 0;
  int64_t ends_ns = 0;  // 0: not by itself
  std::optional<abi::TraceLimits> trace_limits;
  uint64_t grants = 0;
  bool listening = false;
  std::set<Lane*> lanes;             // made with it
  std::shared_ptr<Warrant> warrant;  // of what it attached to lanes
  std::vector<std::shared_ptr<Warrant>> left_warrants;
  std::map<uint64_t, Watch*> watches;
};

// One process's handles. Free slots are used in the order in which they
// became free; those that became free at once, in any order, are one group.
class Table {
 public:
  Cap* Find(Handle handle) const;
  // `seen` is what the kernel says it is, 0 if that is not known. Throws if
  // that cannot be.
  Handle Insert(Cap* cap, Handle seen);
  void Remove(Handle handle, HandleFate fate);
  // Of a value that is not held.
  HandleFate FateOf(Handle handle) const;
  // From now on, until EndGroup, what is removed is one group.
  void BeginGroup();
  void EndGroup();
  bool predictable() const;

  const std::map<Handle, Cap*>& held() const { return held_; }
  const std::set<Handle>& held_of(ObjectKind kind) { return by_kind_[kind]; }
  size_t size() const { return held_.size(); }
  size_t slots() const { return slots_.size(); }
  bool has_free() const { return !free_.empty(); }
  // How often a value was given that had been given long before.
  uint64_t repeats() const { return repeats_; }

 private:
  struct Slot {
    std::map<Handle, uint64_t> given;  // value -> use in which it was given
    uint64_t uses = 0;
    Handle last = abi::kNoHandle;
    Handle ended = abi::kNoHandle;  // the last one that did
    HandleFate fate = HandleFate::never_given;
  };
  uint32_t ChooseSlot(Handle seen);
  Handle Name(uint32_t slot, Handle seen);

  std::map<Handle, Cap*> held_;
  std::map<ObjectKind, std::set<Handle>> by_kind_;
  std::deque<Slot> slots_;
  std::deque<std::set<uint32_t>> free_;
  uint64_t repeats_ = 0;
  bool in_group_ = false;
  bool group_open_ = false;
};

struct Request {
  abi::Request head = {};
  std::vector<uint8_t> payload;
};

struct Answer {
  Answer() = default;
  Answer(Error why) : error(why) {}  // NOLINT: implicit
  static Answer Of(uint64_t a, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0);
  static Answer Failed(Error why, uint64_t a, uint64_t b = 0, uint64_t c = 0,
                       uint64_t d = 0);
  // The answer comes later.
  static Answer Parked();
  template <typename T>
  void Append(const T& value) {
    const auto* first = reinterpret_cast<const uint8_t*>(&value);
    payload.insert(payload.end(), first, first + sizeof(value));
  }
  bool ok() const { return error == Error::ok; }

  Error error = Error::ok;
  std::array<uint64_t, 4> values = {};
  std::vector<uint8_t> payload;
  uint32_t descriptors = 0;
  bool parked = false;
};

// What comes of a watch that had waited.
struct LateAnswer {
  Answer answer;
  Watch watch;
  // It ended while things went in an order that is not known.
  bool loose = false;
  uint64_t object = 0;
  ObjectKind kind = ObjectKind::none;
  // An account's watches are answered in no known order, and each answer may
  // bring an item below its soft limit.
  bool fewer_items = false;
};

// An event that a session is to get.
struct Event {
  abi::Event event;
  uint64_t user_data = 0;
  std::array<uint64_t, 4> values = {};
  std::vector<uint8_t> payload = {};
  uint32_t descriptors = 0;
  uint32_t any_value = 0;  // bits: values that may be anything
  // A port that, if it is closed at the end of the turn, may have been closed
  // before: then the event need not come.
  uint64_t unless_closed = 0;
};

struct Session {
  enum class State { kWaiting, kServing, kEnded };
  enum class Origin { kRoot, kPath, kChild };
  struct Name {
    std::string name;
    Handle handle;
  };
  uint64_t id() const { return process->id; }
  bool alive() const { return state != State::kEnded; }

  Process* process = nullptr;
  Account* account = nullptr;
  Origin origin = Origin::kChild;
  State state = State::kWaiting;
  Table table;
  std::vector<Name> names;
  std::map<Region*, uint64_t> granted;  // ever, and not unmapped
  std::set<uint64_t> listening;         // ids of ports
  uint64_t lanes_sending = 0;
  uint64_t lanes_receiving = 0;
  std::map<uint64_t, std::unique_ptr<Watch>> watches;
  std::vector<Event> expected;          // since the last look
  std::map<uint64_t, LateAnswer> late;  // the same
};

// A revoke that is not answered yet.
struct RevokeJob {
  uint64_t session = 0;
  uint64_t user_data = 0;
  uint64_t root = 0;  // serial
  uint64_t badge = 0;
  std::map<uint64_t, Cap*> doomed;  // must be gone when it is answered
  std::map<uint64_t, Cap*> under;   // by badge: what is derived from the root
  // {capabilities, lanes, mappings, messages}: hit for sure, and maybe, since
  // something else was about to destroy it too.
  std::array<uint64_t, 4> hit = {};
  std::array<uint64_t, 4> maybe_hit = {};
  uint64_t turns = 0;
};

template <typename T>
T& As(Object& object) {
  return static_cast<T&>(object);
}

}  // namespace model
