// Requests and completions: what travels on a session's call ring.
//
// A request is one record on the request ring: Request, then an optional
// payload. A completion is one record on the completion ring: Completion, then
// an optional payload. An event is a Completion with kEventFlag in `number`;
// its `user_data` is the handle of the lane (or port) it speaks of.
//
// Fields that a call does not name must be zero (invalid_args otherwise).
#pragma once

#include <cstdint>

#include "libipc/abi/lane.h"
#include "libipc/abi/limits.h"
#include "libipc/abi/topic.h"
#include "libipc/abi/tracing.h"
#include "libipc/abi/types.h"

namespace ipc::abi {

struct Request {
  uint32_t number;   // Syscall
  uint32_t options;  // bits of the call; unknown ones are invalid_args
  Handle handle;
  uint32_t reserved;  // 0
  uint64_t args[4];
  uint64_t user_data;  // comes back in the completion
  uint64_t reserved2;  // 0
};
static_assert(sizeof(Request) == 64);

struct Completion {
  uint32_t number;  // Syscall, or kEventFlag | Event
  Error error;
  uint64_t user_data;
  uint64_t values[4];
  uint32_t descriptor_count;  // sent on the socket with this serial
  uint32_t payload_bytes;
  uint64_t descriptor_serial;
};
static_assert(sizeof(Completion) == 64);
// On error: values[0] and [1] carry what errors.def's case promises
// (bad_handle: HandleFate; access_denied: the missing rights; out_of_range:
// minimum and maximum; quota_exceeded: used and limit, [2] the account's id,
// [3] AccountItem, with kQuotaShare when it is a share that is used up).
inline constexpr uint64_t kQuotaShare = 0x100;

// ---- session_info() -> {session id, process id, version, count of names}
//      payload: NamedCapability[count]
struct NamedCapability {
  char name[kNameBytesMax];
  Handle handle;
  ObjectKind kind;
  Rights rights;
  uint32_t reserved;
};
static_assert(sizeof(NamedCapability) == 64);

// ---- handle_duplicate(handle, args: rights) -> {handle}
// ---- handle_mint(handle, args: rights, badge or 0, end time or 0, band;
//      payload: TraceLimits, of a port or the kernel object, or none)
//      -> {handle}; the end in nanoseconds of CLOCK_MONOTONIC: as if revoked
//      from then on; the band with a badge only: 0 (the usual) to kBands - 1
// ---- handle_replace(handle, args: rights) -> {handle}: the same capability
//      under a new value, with the same or fewer rights
// ---- handle_close(handle)
// ---- handle_revoke(handle, options: kRevokeBadge, args: badge)
//      -> {capabilities, lanes, mappings, messages} hit; answered when done
inline constexpr uint32_t kRevokeBadge = 1;
// ---- handle_info(handle) -> {kind | band << 16 | rights << 32, badge, object
//      id, end time}; payload: TraceLimits, where it has any
inline constexpr uint64_t kInfoKindMask = 0xffff;
inline constexpr uint32_t kInfoBandShift = 16;

// ---- port_create(account, options: PortOptions, args: ring bytes or 0, ring
//      bytes that a lane may grow to or 0; payload: name without zero)
//      -> {handle, object id, ring bytes, ring bytes that it may grow to}
enum PortOptions : uint32_t {
  kPortShareable = 1,    // several processes may listen
  kPortFullFails = 2,    // a send at full fails with should_wait, never blocks
  kPortRendezvous = 4,   // a message waits with its sender until it is taken;
                         // with none of the others
  kPortOverwriting = 8,  // a send at full overwrites the oldest messages of its
                         // lane, never waits; with none of the others
  kPortSecret = 16,      // its payload is never traced: no capability of it
                         // has TracePayload
  kPortNewFlows = 32,    // what its receivers send for a message begins a flow
  kPortOptionsAll = 63,
};
// ---- port_connect(port, options: 0)
//      -> {lane handle, key of half A, ring bytes, listeners now}
//      descriptors: half A (read-write, to be mapped, then lane_ready), bell;
//      of a rendezvous the offer page (offer.h)
//      payload: LaneGranted
struct LaneGranted {
  uint64_t lane_id;
  uint64_t port_id;
  uint32_t port_options;
  uint32_t ring_bytes_max;  // of half A: it may grow to so much
  uint64_t spare;  // number of the spare that half A is: it is ready, and no
                   // descriptors come; else 0
  LaneTracing tracing;
};
static_assert(sizeof(LaneGranted) == 32 + sizeof(LaneTracing));
// ---- half_spare(args: 0) -> {number, key, ring bytes}: a half with a ring of
//      kRingBytesDefault, for a lane to come; descriptors: half (read-write, to
//      be mapped), bell (of a sender); bad_state when there is one.
//      half_spare(args: number): it is mapped; from now on the next lane that
//      this session makes, or is given, may take it
// ---- port_listen(port) -> {port id}: lanes come as lane_opened events;
//      bad_state when another listens and the port is not shareable, or when
//      this session listens already. Listening ends with the handle.
// ---- lane_ready(lane): own half is mapped; seals it, shows it to the peer
// ---- lane_close(lane): leaves the lane; the peer drains, then peer_closed
// ---- lane_resize(lane, args: ring bytes) -> {key, ring bytes}: memory for
//      another ring of half A, to be mapped read-write; of the base ring's
//      size: no memory, the base ring. By the sender's end
// ---- lane_resized(lane, args: position): what is published from there on is
//      in the ring last asked for; seals it, tells the listener (lane_ring)
// ---- lane_attach(lane, args: region handle) -> {attachment}: lets the peer
//      map a sealed region; needs Read|Map on it; bad_state if not sealed
// ---- lane_detach(lane, args: attachment): no more
// ---- lane_map(lane, args: attachment) -> {bytes, object id}, descriptor
//      (read-only): of the peer's attachments

// ---- transfer_stage(lane; payload: TransferItem[]) -> {token}
//      on failure payload: Error[] item by item, nothing moved
struct TransferItem {
  Handle handle;
  Rights rights;  // to give; kRightsSame for all it has
  uint32_t mode;  // TransferMode
  uint32_t reserved;
};
static_assert(sizeof(TransferItem) == 16);
enum TransferMode : uint32_t { kTransferMove = 0, kTransferDuplicate = 1 };
// ---- transfer_redeem(lane, args: token) -> {count}; payload: RedeemedItem[]
struct RedeemedItem {
  Handle handle;  // 0 with error revoked
  ObjectKind kind;
  Rights rights;
  Error error;
};
static_assert(sizeof(RedeemedItem) == 16);
// ---- transfer_cancel(lane, args: token) -> {count}; payload: Handle[]
//      gives back, in order, what the same end staged

// ---- region_create(account, options: RegionOptions, args: bytes, most bytes
//      of a growable one) -> {handle, bytes, object id, RegionPages}
enum RegionOptions : uint32_t {
  kRegionGrowable = 1,
  kRegionHugePages = 2,  // where this Linux has them
  kRegionErasable = 4,   // its contents can be destroyed though it is sealed
                         // for one writer
  kRegionOptionsAll = 7,
};
// The pages it got.
enum class RegionPages : uint32_t {
  normal = 0,
  advised = 1,   // huge ones where there are some: MADV_HUGEPAGE
  reserved = 2,  // huge ones, set aside
};
inline constexpr uint64_t kHugePageBytes = 2u << 20;
// ---- region_seal(region, options: SealMode) -> {guarantee, sessions that may
//      have a writable mapping}
enum SealMode : uint32_t {
  kSealSingleWriter = 0,  // mapped writers go on, nobody new can
  kSealImmutable = 1,     // bad_state while a writable mapping exists
};
// How well a read-only grant is enforced.
enum Guarantee : uint32_t {
  kGuaranteeNone = 0,          // advisory: one uid can reopen it for writing
  kGuaranteeSingleWriter = 1,  // sealed: only mappings made before can write
  kGuaranteeImmutable = 2,     // sealed: nobody can write
};
// ---- region_map(region, options: MapAccess, args: offset, bytes; 0: to the
//      end) -> {bytes, guarantee}; payload: RegionFacts; descriptor
enum MapAccess : uint32_t { kMapRead = 0, kMapWrite = 1 };
// ---- region_info(region) -> {bytes, guarantee, grants to map, object id};
//      payload: RegionFacts
// ---- region_state(args: object id): the same, of a region that this session
//      has memory of, whatever became of its handles
// ---- region_unmapped(args: object id): one descriptor that this session was
//      given of the region, and all that was mapped with it, is gone
// ---- region_grow(region, options: RegionGrowOptions, args: bytes) -> {bytes}
enum RegionGrowOptions : uint32_t { kRegionGrowNoMore = 1 };
// ---- region_destroy(region) -> {capabilities, grants to map, sessions that
//      were given memory, RegionState}: its contents
enum class RegionState : uint32_t {
  whole = 0,
  destroying = 1,
  erased = 2,  // the bytes are gone, out of every mapping
  kept = 3,    // a seal forbids erasing: who has mapped it can read on
};
struct RegionFacts {
  uint64_t id;
  uint64_t bytes;
  uint64_t bytes_most;  // that it may grow to, and that its memory spans
  uint32_t options;     // RegionOptions
  Guarantee guarantee;
  // Sessions that may have a writable mapping: those that were given memory
  // before it was sealed for one writer, or all while it is not sealed.
  uint32_t writers;
  uint32_t sessions;  // that were given memory, ever
  uint32_t grants;    // descriptors given out for mapping
  RegionPages pages;
  RegionState state;
  uint32_t reserved;
};
static_assert(sizeof(RegionFacts) == 56);
// In the control page of a session's completion half, written by the kernel
// process.
struct SessionWords {
  // Changes before the contents of a region that this session was given memory
  // of are destroyed.
  uint32_t regions_destroyed;
  uint32_t reserved[15];
};
inline constexpr size_t kSessionWordsOffset = 1024;
static_assert(kSessionWordsOffset >= offsetof(HalfControl, reserved));

// ---- lock_attach(region, args: offset, a multiple of kLockBytes)
//      -> {slot, member, region's object id}; descriptors: LockRoster
//      (read-only), region (read-write). lock.h says what to do with them.
//      Needs Read|Write|Map;
//      bad_state once sealed. Ends with the handle.
// ---- lock_detach(region, args: offset, slot): as if the holder had died;
//      not_found if this handle has no such attachment

// ---- process_create(account; payload: ProcessCreate, InitialItem[count])
//      -> {process handle, object id}; descriptor: the child's session socket
struct ProcessCreate {
  char name[kNameBytesMax];
  uint32_t count;
  uint32_t reserved;
};
struct InitialItem {
  char name[kNameBytesMax];
  Handle handle;
  Rights rights;
  uint32_t mode;  // TransferMode
  uint32_t reserved;
};
static_assert(sizeof(InitialItem) == 64);
// ---- process_info(process) -> {ProcessState | exit word << 32, pid, handles,
//      object id}
enum class ProcessState : uint32_t {
  waiting = 0,  // its socket was not picked up yet
  running = 1,
  dead = 2,
};
// An exit word is 0 until process_exited has told how the process ended; then
// this bit and the wait status.
inline constexpr uint32_t kExitKnown = 1u << 31;
// ---- process_end(process, options: ProcessEndOptions) -> {ProcessState
//      before, 1 if the signal was sent}: its session ends as if it had died
enum ProcessEndOptions : uint32_t {
  kProcessKill = 1,  // and SIGKILL, if the process is known to be there
};
// ---- process_exited(process, args: wait status of waitpid): said once, by
//      whoever reaped it

// ---- object_watch(object, args: signals) -> {signals true now, generation,
//      items}: answered when one of them is true, at once if it is. Items: of
//      an account at a soft limit, bits by AccountItem; of a process, its exit
//      word
// ---- wait_cancel(args: user_data of an object_watch or notification_wait):
//      that one is answered with canceled; not_found when it was already

// ---- account_create(account, options: AccountOptions, payload:
//      AccountLimits, then name) -> {handle, object id}
enum AccountOptions : uint32_t {
  // What it has is shared among the accounts below it: one of n that hold some
  // may hold at most 1/(n+1) of what is free or its own.
  kAccountShared = 1,
};
struct AccountLimits {
  uint64_t limit[kAccountItems];  // by AccountItem; 0: the parent's limit
  uint64_t soft[kAccountItems];   // signals kSignalQuota from here on; 0: never
};
// ---- account_limit(account, args: handle of an account below it, payload:
//      AccountLimits): new limits; one below what is used lets nothing more in
// ---- account_info(account) -> payload: AccountEntry

// ---- notification_create(account, options: NotificationKind, args: first
//      value) -> {handle, object id}
enum class NotificationKind : uint32_t {
  bits = 0,     // signalling ors, waiting takes the bits of its mask
  counter = 1,  // signalling adds, waiting takes all, or one
  latest = 2,   // signalling replaces, waiting takes what is new
};
// ---- notification_signal(notification, args: word)
// ---- notification_wait(notification, options: TakeOptions, args: mask of
// bits,
//      0 for all) -> {what was taken}; answered when something is there
enum TakeOptions : uint32_t {
  kTakeOne = 1,  // of a counter
  kTakeNow = 2,  // should_wait when nothing is there
};

// ---- reply_create(lane, args: correlation | label << 32, flow, deadline or 0)
//      -> {handle, object id}: the right to answer an open call, apart from the
//      lane: Send, Transfer, Wait, Inspect. By the listener's end
// ---- reply_send(reply, options: kReplyInRegion, args: count of items;
// payload:
//      TransferItem[count], then the answer): on success the reply is used up;
//      on an item's error payload: Error[] item by item
inline constexpr uint32_t kReplyInRegion = 1;  // the last item is a region, the
                                               // payload its length (u64)
// ---- reply_cancel(lane, args: correlation): the caller gave the call up
// ---- reply_info(reply) -> {ReplyState, deadline, flow, label}
enum class ReplyState : uint32_t {
  open = 0,
  over = 1,   // answered
  stale = 2,  // the caller gave up
  gone = 3,   // the caller is gone
};

// ---- deadlock_check(lane, args: the caller's slot in its ThreadTable)
//      (threads.h): ok, or deadlock with payload: DeadlockStep[], from the
//      caller's call on to where the calls lead back
struct DeadlockStep {
  uint64_t process;  // who waits
  uint64_t port;     // for an answer over this port
  uint64_t since_ns;
  uint32_t thread_id;
  uint32_t awaits;  // number of the step that it waits for
  char process_name[kNameBytesMax];
  char port_name[kNameBytesMax];
};
static_assert(sizeof(DeadlockStep) == 128);

// ---- handle_explain(args: handle), process_explain(kernel, args: process id,
//      handle): what is, or was, behind it, and from what it was derived.
//      payload: ExplainHead, ExplainStep[steps], from itself to the first
inline constexpr uint32_t kHandleLives = 255;
inline constexpr uint32_t kExplainStepsMax = 64;
struct ExplainHead {
  uint32_t fate;  // HandleFate, or kHandleLives
  uint32_t steps;
  uint64_t ended_by;  // of one that was revoked: process id; 0: at its end
  int64_t ended_ns;
  uint32_t more;  // 1: there are more steps above
  uint32_t reserved;
  char ended_by_name[kNameBytesMax];  // empty: not known any more
};
static_assert(sizeof(ExplainHead) == 80);
struct ExplainStep {
  uint64_t serial;
  uint64_t object;
  uint64_t badge;
  int64_t ends_ns;
  uint64_t holder;  // process id; 0: in flight
  uint64_t maker;   // process id
  Handle handle;    // the holder's
  ObjectKind kind;
  Rights rights;
  uint32_t band;
  char holder_name[kNameBytesMax];
  char maker_name[kNameBytesMax];
  TraceLimits trace_limits;
};
static_assert(sizeof(ExplainStep) == 176);

// ---- topic_create(account, options: TopicOptions, args: ring bytes or 0,
//      patience in ns; payload: name without zero)
//      -> {handle, object id, ring bytes}
enum TopicOptions : uint32_t {
  // The publisher may cut a reliable subscriber that was in its way for
  // longer than the patience. Without it the patience must be 0.
  kTopicCutsSlow = 1,
  kTopicOptionsAll = 1,
};
// ---- topic_publish(topic): the caller is its publisher from now on, until
//      this handle goes; bad_state while another is
//      -> {key, ring bytes, start position, first sequence}; descriptor
//      (read-write, to be mapped, then topic_ready); payload: PublisherGranted
struct PublisherGranted {
  uint64_t topic_id;
  uint64_t patience_ns;
  uint32_t topic_options;
  uint32_t reserved;
};
static_assert(sizeof(PublisherGranted) == 24);
// ---- topic_ready(topic): the ring is mapped; seals it, shows it to the
//      subscribers -> {how many there are}: for each of them subscriber_joined
//      or subscriber_left follows
// ---- topic_subscribe(topic, options: SubscribeOptions)
//      -> {subscription handle, object id, seat}; descriptor: its page
//      (read-write, to be mapped, then subscription_ready)
enum SubscribeOptions : uint32_t {
  kSubscribeReliable = 1,  // the publisher waits for it; else it may be overrun
  kSubscribeOldest = 2,    // from the oldest record there is; else from now on
  // It may sleep on a descriptor: each publisher gets a bell for it. At most
  // kTopicBellsMax subscriptions of a topic: quota_exceeded.
  kSubscribeBell = 4,
  kSubscribeOptionsAll = 7,
};
// In the events that introduce them: the subscriber was there before the
// publisher, and reads its ring from the start.
inline constexpr uint64_t kSubscriberWaited = uint64_t{1} << 63;
// ---- subscription_ready(subscription): the page is mapped; seals it, shows
//      it to the publisher
// ---- topic_cut(topic, args: subscription id): by its publisher; the
//      subscriber was too slow. bad_state if the topic does not cut
// ---- topic_info(topic) -> payload: TopicEntry
// ---- topic_attach(topic, args: region handle) -> {attachment}: by its
//      publisher; lets subscribers map the region for reading
// ---- topic_attach(topic, options: kTopicDetach, args: attachment): no more
inline constexpr uint32_t kTopicDetach = 1;
// ---- topic_map(subscription, args: attachment) -> {bytes, object id},
//      descriptor (read-only)
// ---- topic_map(subscription, options: kTopicMapNoMore, args: the key of
//      publisher_joined): it maps no more of this publication
inline constexpr uint32_t kTopicMapNoMore = 1;

// ---- object_list(kernel, args: ObjectKind, after id) -> {count, last id};
//      payload: entries with ids above `after`, ordered by id, as many as fit.
//      Of kind `any`: the capabilities, as CapabilityEntry, in the order of
//      storage; `last id` is the cursor for the next page.
struct PortEntry {
  uint64_t id;
  char name[kNameBytesMax];
  uint64_t owner_process;     // who made it
  uint64_t listener_process;  // the first of them; 0: nobody listens
  uint32_t options;
  uint32_t ring_bytes;
  uint32_t listeners;
  uint32_t lanes;
  uint32_t send_capabilities;
  uint32_t receive_capabilities;
  uint64_t queued_bytes;  // published, not taken, over all lanes
  uint32_t closed;
  uint32_t traced;          // by so many, those of everything included
  uint64_t account;         // charged for it
  uint32_t ring_bytes_max;  // that a lane's requests may grow to
  uint32_t traced_payload;  // of them: by so many with payload
  // Of all its lanes, and of those that are gone: sums, which never fall.
  // queued_bytes_most is that of the fullest lane.
  LaneCounters sender_counters;
  LaneCounters receiver_counters;
};
static_assert(sizeof(PortEntry) == 128 + 2 * sizeof(LaneCounters));
struct LaneEntry {
  uint64_t id;
  uint64_t port;
  uint64_t sender_process;
  uint64_t receiver_process;  // 0: nobody listens
  uint64_t badge;
  uint64_t queued_bytes;   // requests not taken
  uint64_t sent_bytes;     // position of half A
  uint64_t replied_bytes;  // position of half B
  uint32_t sender_armed;   // ArmBits: what its sender sleeps on
  uint32_t receiver_armed;
  uint32_t staged_transfers;
  uint32_t cut;
  uint32_t band;
  uint32_t ring_bytes;   // for requests, now
  uint32_t grown_bytes;  // of memory beside the two halves
  uint32_t reserved;
  LaneCounters sender_counters;
  LaneCounters receiver_counters;  // and those before it
};
static_assert(sizeof(LaneEntry) == 96 + 2 * sizeof(LaneCounters));
// ---- port_times(kernel, args: port id, after lane id)
//      -> {count, last lane id, more, version}; payload: LaneTimes, summed over
//      the next lanes of the port, at most kPortTimesLanes, and with the first
//      page (after 0) over those that are gone. `more`: 1 if there are others.
//      `version` changes when a lane that counted anything goes.
inline constexpr uint32_t kPortTimesLanes = 32;
struct RegionEntry {
  uint64_t id;
  uint64_t owner_process;
  uint64_t bytes;
  uint32_t guarantee;
  uint32_t capabilities;
  uint32_t grants;       // descriptors given out for mapping
  uint32_t attachments;  // lanes it is attached to
  uint64_t account;      // charged for it
  uint64_t bytes_most;   // from here on as in RegionFacts
  uint32_t options;
  uint32_t writers;
  uint32_t sessions;
  RegionPages pages;
  RegionState state;
  uint32_t reserved;
};
static_assert(sizeof(RegionEntry) == 80);
struct ProcessEntry {
  uint64_t id;
  char name[kNameBytesMax];
  ProcessState state;
  int32_t pid;
  uint64_t account;
  uint32_t handles;
  uint32_t lanes_sending;
  uint32_t lanes_receiving;
  uint32_t calls_parked;  // watches
  uint64_t requests;      // syscalls answered since it began
  uint32_t exit;          // exit word
  uint32_t reserved;
};
struct AccountEntry {
  uint64_t id;
  char name[kNameBytesMax];
  uint64_t parent;
  uint32_t options;
  uint32_t at_soft_limit;  // bits by AccountItem
  uint64_t used[kAccountItems];
  uint64_t limit[kAccountItems];  // 2^64 - 1: none
  uint64_t soft[kAccountItems];   // 0: none
};
struct NotificationEntry {
  uint64_t id;
  uint64_t owner_process;
  NotificationKind kind;
  uint32_t waiting;
  uint64_t value;
  uint64_t account;  // charged for it
};
struct TopicEntry {
  uint64_t id;
  char name[kNameBytesMax];
  uint64_t owner_process;      // who made it
  uint64_t publisher_process;  // 0: nobody publishes
  uint64_t account;            // charged for it
  uint64_t patience_ns;
  uint64_t published_bytes;  // position, over all publishers
  uint64_t published;        // records, over all publishers
  uint64_t cuts;             // subscribers that were too slow
  uint32_t options;
  uint32_t ring_bytes;
  uint32_t subscribers;
  uint32_t reliable;  // of these
  uint32_t closed;    // nobody can publish to it any more
  uint32_t reserved;
  BlockClaims lent;    // blocks that have not come back: the publisher's claim
  uint64_t lent_from;  // the position of the oldest of them
};
static_assert(sizeof(TopicEntry) == 168);
struct SubscriptionEntry {
  uint64_t id;
  uint64_t topic;
  uint64_t process;  // who subscribed
  uint64_t account;  // charged for it
  uint64_t taken;    // records read, and missed: its own claims
  uint64_t lost;
  uint64_t head;     // of a reliable one: bytes of the ring read, ever; a claim
  uint32_t options;  // SubscribeOptions
  uint32_t cut;
  uint64_t held;        // it has done with all blocks below; a claim
  BlockClaims holding;  // blocks that it says it holds
};
static_assert(sizeof(SubscriptionEntry) == 96);
// Of kind kListThreads: what processes' threads say they sleep on (threads.h),
// in the order of processes; `last id` is the cursor for the next page.
inline constexpr uint32_t kListThreads = 0xfe;
struct ThreadEntry {
  uint64_t process;
  uint64_t lane;
  uint64_t port;     // waited on, or served last
  uint64_t awaited;  // process id of who is waited for; 0: nobody, or unknown
  uint64_t flow;
  uint64_t since_ns;  // CLOCK_MONOTONIC
  uint32_t thread_id;
  uint32_t state;  // ThreadState
};
struct CapabilityEntry {
  uint64_t serial;
  uint64_t process;  // holder; 0: in flight in a lane
  uint64_t object;
  uint64_t badge;
  uint64_t parent;  // serial it was derived from; 0: none
  Handle handle;
  ObjectKind kind;
  Rights rights;
  uint32_t band;
  uint64_t made_by;  // process id of whose request made it
  int64_t ends_ns;   // 0: it does not end by itself
  TraceLimits trace_limits;
};
static_assert(sizeof(CapabilityEntry) == 88);

// ---- trace_ring(options: TraceRingStep, args: ring, scope) -> grant (of a
//      LaneScope's id): {ring, key, bytes}, descriptor to map read-write; of a
//      scope that is traced losslessly, but not for the tracer itself, payload
//      TraceRingWaits and the tracing's heads (kTraceHeadsBytes), read-only;
//      ready: seals it; end: forgets it
enum TraceRingStep : uint32_t {
  kTraceRingGrant = 0,
  kTraceRingReady = 1,
  kTraceRingEnd = 2,
};
struct TraceRingWaits {
  uint32_t slot;  // in the heads, 1 to kTraceHeads - 1
  uint32_t reserved;
  uint64_t wait_ns;  // for the tracer, at most
  uint64_t tracing;  // whose heads they are: a new ring is for the same, or not
};
static_assert(sizeof(TraceRingWaits) == 24);
// ---- trace_port(port, options: TraceOptions, args: with kTraceLossless how
//      long a writer waits at most, in ns, 1 to kTraceWaitMaxNs; payload:
//      TraceFilter, or none) -> {tracing, port id}; payload: TraceFilter, as
//      cut down to the capability's TraceLimits, trace_all(kernel, same): this
//      session traces the port, or every port, until trace_end, or until the
//      capability is gone. descriptor, if lossless: its heads, to be mapped
//      read-write, then trace_ready; bad_state: the scope has one already
enum TraceOptions : uint32_t {
  kTraceWithPayload = 1,  // takes TracePayload too
  kTraceLossless = 2,     // takes TraceStall too: writers wait for room
  kTraceOptionsAll = 3,
};
// ---- trace_ready(args: tracing): its heads are mapped; from now on writers
//      wait for it. bad_state: ready already, over, or not lossless
// ---- trace_end(args: tracing)
// ---- port_tracers(port) -> {count}; payload: TracerEntry[], at most
//      kTracersShown of them
struct TracerEntry {
  uint64_t process;
  char name[kNameBytesMax];
  uint32_t options;     // TraceOptions
  uint32_t everything;  // 1: it traces all ports
};
static_assert(sizeof(TracerEntry) == 64);
inline constexpr uint32_t kTracersShown = 128;
// ---- trace_next(args: after place, tracing) -> {place, process id, pid | slot
//      in the tracing's heads << 32, ring id}; slot 0: nobody waits there.
//      descriptor (read-only, kTraceRingBytes); payload: process name. The
//      rings of the tracing's scope; not_found when there are no more; revoked,
//      canceled: the capability is gone, and the tracing is over. The kernel's
//      own ring of facts has process id 0 (trace_all only).

// ---- Events. user_data is the lane's handle (port's for listen_ended).
// lane_opened, to the listener. values: {ring bytes, key A, key B, 0};
// payload LaneOpened; descriptors: half A (read-only), half B (read-write, to
// be mapped, then lane_ready; it does not come when it is a spare), bell; of a
// rendezvous the offer page (offer.h).
struct LaneOpened {
  uint64_t lane_id;
  uint64_t port_id;
  uint64_t badge;
  uint64_t sender_process;
  uint64_t request_start;  // position in half A where reading goes on
  uint64_t reply_start;    // position in half B where writing goes on
  uint32_t port_handle;    // the listener's
  uint32_t band;           // of the badge
  uint32_t port_options;
  uint32_t reserved;
  uint64_t spare;  // number of the spare that half B is: it is ready; else 0
  uint64_t next_number;  // of an overwriting port: where the last one stopped
  LaneTracing tracing;
};
static_assert(sizeof(LaneOpened) == 80 + sizeof(LaneTracing));
// lane_joined, to the sender: a listener mapped its half. values: {key B,
// request_start, reply_start, receiver process}; descriptor: half B.
// lane_orphaned, to the sender: its listener is gone, the lane is kept.
// values: {taken: requests below it were taken, reply_end, 0, 0}.
// lane_cut, to either: values: {end: published position of the peer's half,
// taken (to the sender), Error why, 0}. What lies below `end` stays readable.
// lane_ring, to the listener: values: {position, ring bytes, key, 0}: what was
// published from that position on is in this ring; all below it was published
// before. descriptor: its memory (to be mapped read-only); none: the base ring.
// lane_idle, to the sender: half A has more than the base ring and does not
// need it: it may be given back. lane_traced: values: {LaneTracing::on()};
// payload: LaneTracing.
// listeners_changed, to senders of a shareable port: values: {listeners now}.
// call_moved, to the caller: the call will be answered by whoever holds the
// Reply capability made of it; the listener's end does not matter to it any
// more. values: {correlation, object id, 0, 0}.
// call_answered, to the caller: values: {correlation, token or 0, count of
// capabilities | kAnsweredInRegion | label << 32, Error: ok or dropped};
// payload: the answer.
inline constexpr uint64_t kAnsweredInRegion = 1 << 16;
// subscriber_joined, to the publisher; user_data: the handle it publishes with.
// values: {subscription id, seat | SubscribeOptions << 32 | kSubscriberWaited,
// process id, 0};
// descriptors: the subscriber's page (read-only), with kSubscribeBell a bell.
// subscriber_left, to the publisher. values: {subscription id}.
// publisher_joined, to a subscriber; user_data: the subscription's handle.
// values: {key, ring bytes | kSubscriberWaited, start position, first
// sequence}; descriptors: the ring (read-only), with kSubscribeBell a bell that
// this publisher alone rings; none if it left already.
// publisher_left, to a subscriber. values: {end position, next sequence}: what
// lies below `end` stays readable; another publisher would go on there.
// subscription_cut, to a subscriber: it gets nothing more. values: {Error why:
// peer_closed (nobody can publish any more; what is there stays readable),
// policy_denied (too slow), revoked, canceled}.
// listen_ended: the Receive capability listened with is gone; user_data is the
// port id, values: {Error why}.

}  // namespace ipc::abi
