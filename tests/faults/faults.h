// Failures on order: the Nth allocation, charge check, system call or sent
// message of the kernel's core fails, once or from then on.
//
// Nothing of it is in the kernel: `operator new` is replaced, and the linker
// puts wrappers (--wrap) in front of Account::Refusal and of the system calls
// that the kernel's core and libipc/base make. Only what is done within a
// Watched counts, so that the test's own needs never fail.
//
// Memory that fails for good is modelled, not refused for ever: nothing is
// left, and what is freed afterwards (the kernel's reserve, first of all) is
// what there is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace faults {

enum class What {
  kMemory,      // operator new
  kCharge,      // Account::Refusal
  kSystem,      // a system call
  kSocketFull,  // Transport::Send says should_wait
  kSocketGone,  // Transport::Send says peer_closed
};
enum class Span { kOnce, kForGood };

struct Fault {
  What what;
  uint64_t nth;  // from 1
  Span span;
};

// From now on this fails, until Disarm. Counting starts at 0.
void Arm(Fault fault);
void Disarm();
// Whether the armed failure has come to pass.
bool Hit();
// What the last failure befell, for messages.
const char* Victim();

// Within its life what the thread does is the kernel's doing; within an
// Unwatched in it, it is the test's again.
class Watched {
 public:
  Watched();
  ~Watched();
};
class Unwatched {
 public:
  Unwatched();
  ~Unwatched();

 private:
  const bool before_;
};

// Asked by whatever can fail: does it fail this time?
bool Fails(What what, const char* victim);
bool IsWatched();
// Memory has failed for good.
bool MemoryIsShort();

// Most memory that was taken, less what was given back, since ResetPeak, by
// what was watched.
void ResetPeak();
size_t PeakBytes();
// The largest single piece asked for since then.
size_t LargestBytes();

}  // namespace faults
