#include "tests/soak/recorder.h"

#include <sched.h>
#include <sys/mman.h>

#include <new>

namespace soak {

std::shared_ptr<Recorder> Recorder::Create() {
  void* const memory = mmap(nullptr, sizeof(Recorder), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return std::shared_ptr<Recorder>(
      new (memory) Recorder,
      [](Recorder* recorder) { munmap(recorder, sizeof(Recorder)); });
}

void Recorder::Begin(uint32_t actors) {
  there_.fetch_add(1);
  while (there_.load() < actors) sched_yield();
}

void Recorder::Add(uint32_t actor, const testing_kit::Operation& one) {
  Track& track = tracks_[actor];
  if (track.count < kOperations) track.operations[track.count] = one;
  ++track.count;
}

std::vector<testing_kit::Operation> Recorder::History() const {
  std::vector<testing_kit::Operation> history;
  for (const Track& track : tracks_) {
    if (track.count > kOperations) return {};
    history.insert(history.end(), track.operations,
                   track.operations + track.count);
  }
  return history;
}

}  // namespace soak
