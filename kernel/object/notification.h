// Notification: one word without payload. Signalling puts something into it,
// waiting takes it out; who waits longest is served first.
// Source: seL4's notifications (or-bits), eventfd(2) (counter).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "kernel/cap/account.h"

namespace kernel {

class Notification : public Object {
 public:
  static constexpr size_t kTakersMax = 1'024;

  Notification(uint64_t object_id, abi::NotificationKind how)
      : Object(ObjectKind::notification, object_id), type(how) {}

  // Ors, adds, or replaces. Errors: out_of_range (the sum does not fit).
  Result<void> Put(uint64_t word);
  // Something of `mask` is there to be taken. The mask is for bits only.
  bool Has(uint64_t mask) const;
  // What Has says is there: the bits of the mask; the whole count, or one of
  // it; the latest word.
  uint64_t Take(uint64_t mask, uint32_t options);

  // Constant after construction.
  const abi::NotificationKind type;
  uint64_t owner_process = 0;
  Account* charged = nullptr;

  uint64_t value = 0;
  std::map<uint64_t, Wait*> takers;  // parked, by the order they came

 private:
  bool fresh_ = false;  // latest: not taken yet
};

}  // namespace kernel
