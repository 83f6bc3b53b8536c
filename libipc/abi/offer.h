// The page of a rendezvous port's lane, which both ends map read-write.
//
// A message is offered, then either taken or withdrawn, never both: sender and
// listener decide that by compare-and-swap on one word. It is the only word of
// the ABI with two writers; what either writes harms this lane only.
#pragma once

#include "libipc/abi/lane.h"

namespace ipc::abi {

// In the low bits of the word; above them the position of the record, which is
// a multiple of kLineBytes.
enum class OfferState : uint64_t {
  none = 0,
  offered = 1,    // by the sender, before the record is published
  taken = 2,      // by the listener, before it goes on behind the record
  withdrawn = 3,  // by the sender, at its deadline: nobody got it
};
inline constexpr uint64_t kOfferStateMask = kLineBytes - 1;

struct OfferPage {
  uint64_t word;
  uint8_t reserved[kControlBytes - sizeof(uint64_t)];
};
static_assert(sizeof(OfferPage) == kControlBytes);

}  // namespace ipc::abi
