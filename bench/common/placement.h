// Where the processes of a measurement run.
#pragma once

#include <sched.h>
#include <sys/types.h>

namespace bench {

inline constexpr int kAnywhere = -1;

// Processors of the two sides.
struct Placement {
  int first = 0;
  int second = 1;
};
inline constexpr Placement kApart = {0, 1};
inline constexpr Placement kOneProcessor = {0, 0};
inline constexpr Placement kNotPinned = {kAnywhere, kAnywhere};
// The three that differ, as rows name them.
struct Place {
  const char* name;
  Placement placement;
};
inline constexpr Place kPlaces[] = {{"apart", kApart},
                                    {"one processor", kOneProcessor},
                                    {"not pinned", kNotPinned}};
inline constexpr Place kApartPlace = kPlaces[0];

// Binds a process, 0 being the calling one, to a processor; kAnywhere changes
// nothing.
void PinTo(int processor, pid_t process = 0);
// Lets the calling process run everywhere.
void Unpin();

// Binds the calling process for a while.
class PinnedTo {
 public:
  explicit PinnedTo(int processor);
  PinnedTo(const PinnedTo&) = delete;
  PinnedTo& operator=(const PinnedTo&) = delete;
  ~PinnedTo();

 private:
  cpu_set_t before_;
};

}  // namespace bench
