// Port: where lanes lead to. Holds who listens and which lanes there are; the
// messages are in the lanes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "kernel/cap/account.h"
#include "kernel/object/past_times.h"
#include "kernel/object/trace_scopes.h"

namespace kernel {

class Lane;

class Port : public Object {
 public:
  struct Listener {
    Session* session;
    Capability* capability;
    uint32_t lanes;  // open at it
  };

  struct RingBytes {
    uint32_t base;  // of each of a lane's rings
    uint32_t most;  // that the requests' may grow to
  };
  Port(uint64_t object_id, std::string name_text, uint32_t port_options,
       RingBytes bytes)
      : Object(ObjectKind::port, object_id),
        name(std::move(name_text)),
        options(port_options),
        ring_bytes(bytes.base),
        ring_bytes_max(bytes.most) {}

  bool shareable() const { return (options & abi::kPortShareable) != 0; }
  bool rendezvous() const { return (options & abi::kPortRendezvous) != 0; }
  bool overwriting() const { return (options & abi::kPortOverwriting) != 0; }
  bool secret() const { return (options & abi::kPortSecret) != 0; }
  Listener* FindListener(const Session* session) {
    for (Listener& listener : listeners)
      if (listener.session == session) return &listener;
    return nullptr;
  }
  // Who gets a new lane of this sender: a listener without one from it, else
  // the one with the fewest lanes.
  Listener* ChooseListener(uint64_t sender);

  // Constant after construction.
  const std::string name;
  const uint32_t options;
  const uint32_t ring_bytes;
  const uint32_t ring_bytes_max;
  uint64_t owner_process = 0;
  Account* charged = nullptr;

  std::vector<Listener> listeners;  // at most kListenersMax
  std::map<uint64_t, Lane*> lanes;  // by id
  // By the sender's process id.
  absl::flat_hash_map<uint64_t, std::vector<Lane*>> by_sender;
  // Of lanes that are gone.
  abi::LaneCounters past_senders = {};
  abi::LaneCounters past_listeners = {};
  PastTimes past_times;
  uint32_t senders = 0;  // capabilities with Send and without Receive
  uint32_t send_capabilities = 0;
  uint32_t receivers = 0;  // capabilities with Receive
  uint64_t no_senders_generation = 0;
  bool no_senders = false;
  bool closed = false;  // the last Receive capability is gone
  TraceScopeSet traced;
};

}  // namespace kernel
