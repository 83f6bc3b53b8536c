// Explain: how this process came by a capability, or how it lost one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ipc/capability.h"

namespace ipc {

using abi::HandleFate;

struct Explanation {
  // One capability, and who made it: what was minted or copied for whom, with
  // what. Names are what processes call themselves; empty when they are gone.
  struct Step {
    uint64_t serial = 0;
    uint64_t object_id = 0;
    ObjectKind kind = ObjectKind::none;
    Rights rights = 0;
    uint64_t badge = 0;
    Deadline end;
    std::optional<TraceLimits> trace_limits;
    uint64_t holder = 0;  // process id; 0: in flight
    std::string holder_name;
    Handle handle = abi::kNoHandle;  // the holder's
    uint64_t maker = 0;
    std::string maker_name;
  };

  Handle handle = abi::kNoHandle;
  bool is_open = false;
  HandleFate fate = HandleFate::never_given;  // when it is not open
  // Of one that was revoked: by whom (0: its end came) and when.
  uint64_t ended_by = 0;
  std::string ended_by_name;
  int64_t ended_ns = 0;  // CLOCK_MONOTONIC; 0: not known
  // Itself first, then what it was derived from, up to the first one that
  // still exists. Of one that is gone: known for the last 64 that were revoked.
  std::vector<Step> steps;
  bool has_more = false;  // the path is longer

  // Sentences for a person, one a line.
  std::string Text() const;
};

// Of a handle of this session, open or not. Errors: those of the session only.
absl::StatusOr<Explanation> Explain(const std::shared_ptr<SessionCore>& session,
                                    Handle handle);
// Of a failed call: what is behind the handle that the status speaks of.
// Errors: not_found (the status names no handle).
absl::StatusOr<Explanation> Explain(const std::shared_ptr<SessionCore>& session,
                                    const absl::Status& failed);
// Of another process's handle. Rights: Inspect on the kernel object.
// Errors: access_denied; not_found (no such process).
absl::StatusOr<Explanation> Explain(const Capability& kernel,
                                    uint64_t process_id, Handle handle);

}  // namespace ipc
