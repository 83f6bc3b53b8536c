// Revocation of everything derived from one capability, in steps.
//
// The steps of a job are short and may be as far apart as the kernel likes:
// in between, capabilities may be made, closed and moved, also by the holders
// of what is being revoked. What is derived meanwhile from something that is
// to be destroyed is destroyed too.
#pragma once

#include <cstdint>
#include <functional>

#include "kernel/cap/capability.h"

namespace kernel {

// What a revoke has hit so far.
struct RevokeReceipt {
  uint64_t capabilities = 0;
  uint64_t lanes = 0;
  uint64_t mappings = 0;
  uint64_t messages = 0;
};

class RevokeJob {
 public:
  // Destroys one capability, with all effects.
  using Destroy = std::function<void(Capability*)>;

  // `badge` 0: everything; else only what carries it.
  RevokeJob(CapabilityTree* tree, Capability* root, uint64_t badge);
  RevokeJob(const RevokeJob&) = delete;
  RevokeJob& operator=(const RevokeJob&) = delete;
  ~RevokeJob();

  // Takes up to `steps`, counted down. Returns whether the job is done.
  bool Run(uint32_t* steps, const Destroy& destroy);
  bool Run(uint32_t steps, const Destroy& destroy) {
    return Run(&steps, destroy);
  }
  const RevokeReceipt& receipt() const { return receipt_; }
  // What is being destroyed was derived from it.
  const Capability& root() const { return *root_; }

  // Whom to tell, with what.
  uint64_t session = 0;
  uint64_t user_data = 0;
  uint64_t number = 0;  // jobs are numbered as they start
  // Once done: answered when all jobs below this number are. What it had to
  // destroy may be in another's basket.
  uint64_t answer_after = 0;

 private:
  bool StepAll(const Destroy& destroy);
  bool StepBadge(const Destroy& destroy);
  void Hit(Capability* capability, const Destroy& destroy);
  Capability* After(Capability* node) const;

  CapabilityTree* const tree_;
  Capability* const root_;  // pinned
  const uint64_t badge_;
  const uint64_t serial_end_;     // later copies of the root stay
  Capability* basket_ = nullptr;  // without badge: what is being destroyed
  Capability* cursor_ = nullptr;  // with badge: pinned
  RevokeReceipt receipt_;
};

}  // namespace kernel
