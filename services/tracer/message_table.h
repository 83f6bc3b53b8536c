// MessageTable: puts the records of both ends together into messages.
//
// A message leaves up to four records: send and outcome in the sender's rings,
// receive and reply in the receiver's. They come in any order, since rings are
// drained one after the other, and any of them may be lost. The table is
// bounded; what has no room any more is handed out as it is.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ipc/trace.h"

namespace keyport {

enum class MessageStatus {
  kOk,
  kError,    // the call ended with `error`
  kQueued,   // not received yet
  kWaiting,  // a call received but not answered yet
};

// What a schema says of a message's payload, where one was given.
struct DecodedPayload {
  std::string json;     // "": not traced, or see `problem`
  std::string problem;  // why it could not be decoded
};
struct DecodedMessage {
  std::string method;  // "": no schema knows it
  DecodedPayload request;
  DecodedPayload answer;
};

struct TracedMessage {
  uint64_t time_ns = 0;  // CLOCK_MONOTONIC, of the send if it was seen
  uint64_t flow = 0;
  uint64_t port = 0;
  std::string from;  // "": the sender's records were not seen
  std::string to;
  uint32_t label = 0;
  uint32_t payload_bytes = 0;
  uint32_t handles = 0;
  bool is_call = false;
  MessageStatus status = MessageStatus::kQueued;
  ipc::Error error = ipc::Error::ok;
  std::optional<uint64_t> queue_ns;  // sent to received
  std::optional<uint64_t> work_ns;   // received to replied
  std::optional<uint64_t> total_ns;  // as the caller saw
  uint32_t answer_bytes = 0;  // of an answer that was seen, as are its handles
  uint32_t answer_handles = 0;
  bool answer_seen = false;
  // When its sender had received the message that it was sent for.
  std::optional<uint64_t> cause_ns;
  // The first bytes of what was sent and answered, where they were traced.
  std::string request;
  std::string answer;
  DecodedMessage decoded;
};

// Whether it is known when it was received: `queue_ns` after it was sent, or,
// when it was sent before anybody traced, at time_ns.
inline bool WasReceived(const TracedMessage& message) {
  return !message.to.empty() &&
         (message.queue_ns.has_value() || message.from.empty());
}

class MessageTable {
 public:
  explicit MessageTable(size_t pending_max = 65'536)
      : pending_max_(pending_max) {}

  void Add(const ipc::TraceSource& source, const ipc::TraceRecord& record,
           std::string_view payload = {});
  // Ends one drain of all rings. Returns the messages that are complete or
  // will not become so, ordered by time.
  std::vector<TracedMessage> EndPass();
  // Everything that is left, ordered by time.
  std::vector<TracedMessage> TakeRest();
  size_t pending() const { return entries_.size(); }

 private:
  // A call has its correlation. Messages of one flow on one lane are told
  // apart by the time of the send, which travels with a traced message.
  struct Key {
    uint64_t lane;
    uint64_t flow;
    uint32_t correlation;
    uint64_t sent_ns;  // 0 for calls
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Entry;
  using Entries = std::list<Entry>;  // oldest first
  using Index = std::unordered_multimap<Key, Entries::iterator, KeyHash>;
  struct Entry {
    Key key;
    TracedMessage message;
    bool sent = false;
    bool received = false;
    bool replied = false;
    bool ended = false;  // outcome or drop
    bool settling = false;
    uint64_t settle_pass = 0;  // when to stop waiting for the rest
    Index::iterator in_index = {};
    std::list<Entries::iterator>::iterator in_settling = {};
  };

  Entries::iterator Find(const Key& key, ipc::TraceKind kind);
  Entries::iterator FindOrMake(const ipc::TraceRecord& record);
  static bool IsComplete(const Entry& entry);
  static MessageStatus StatusOf(const Entry& entry);
  void Settle(Entries::iterator entry);
  void Finish(Entries::iterator entry);

  size_t pending_max_;
  uint64_t pass_ = 0;
  Entries entries_;
  Index index_;
  std::list<Entries::iterator> settling_;
  std::vector<TracedMessage> done_;
};

}  // namespace keyport
