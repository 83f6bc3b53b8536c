// The offer of a rendezvous: whether a message is taken or withdrawn. Both
// sides write the word; neither believes more of it than what it has decided
// itself.
#pragma once

#include <atomic>
#include <memory>

#include "libipc/abi/offer.h"
#include "libipc/base/memory.h"

namespace base {

class Offer {
 public:
  static Result<UniqueFd> Create();
  // Errors: those of Mapping; invalid_args if the descriptor is no such page.
  static Result<std::shared_ptr<Offer>> Map(int fd);

  // The sender's. Make: before the record there is published.
  void Make(uint64_t position) {
    word().store(Word(position, State::offered), std::memory_order_release);
  }
  bool IsOpen(uint64_t position) const {
    return word().load(std::memory_order_acquire) ==
           Word(position, State::offered);
  }
  // False: it is the listener's, whatever that made of it.
  bool Withdraw(uint64_t position) { return Move(position, State::withdrawn); }

  // The listener's: whether the record there is its to take.
  bool Take(uint64_t position) { return Move(position, State::taken); }
  // A listener before this one took it and got no further.
  bool WasTaken(uint64_t position) const {
    return word().load(std::memory_order_acquire) ==
           Word(position, State::taken);
  }

 private:
  using State = ipc::abi::OfferState;

  explicit Offer(Mapping mapping) : mapping_(std::move(mapping)) {}
  static uint64_t Word(uint64_t position, State state) {
    return position | static_cast<uint64_t>(state);
  }
  std::atomic_ref<uint64_t> word() const {
    return std::atomic_ref<uint64_t>(
        reinterpret_cast<ipc::abi::OfferPage*>(mapping_.data())->word);
  }
  bool Move(uint64_t position, State to) {
    uint64_t expected = Word(position, State::offered);
    return word().compare_exchange_strong(expected, Word(position, to),
                                          std::memory_order_acq_rel);
  }

  const Mapping mapping_;
};

}  // namespace base
