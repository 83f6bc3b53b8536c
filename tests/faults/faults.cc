#include "tests/faults/faults.h"

namespace faults {
namespace {

Fault armed = {};
bool is_armed = false;
bool was_hit = false;
bool watched = false;
uint64_t count = 0;
const char* victim = "";

}  // namespace

void Arm(Fault fault) {
  armed = fault;
  is_armed = true;
  was_hit = false;
  count = 0;
  victim = "";
}

void Disarm() { is_armed = false; }

bool Hit() { return was_hit; }

bool MemoryIsShort() {
  return is_armed && was_hit && armed.what == What::kMemory &&
         armed.span == Span::kForGood;
}

const char* Victim() { return victim; }

Watched::Watched() { watched = true; }
Watched::~Watched() { watched = false; }

Unwatched::Unwatched() : before_(watched) { watched = false; }
Unwatched::~Unwatched() { watched = before_; }

bool IsWatched() { return watched; }

bool Fails(What what, const char* name) {
  if (!watched || !is_armed || armed.what != what) return false;
  ++count;
  const bool fails =
      armed.span == Span::kOnce ? count == armed.nth : count >= armed.nth;
  if (!fails) return false;
  if (!was_hit) victim = name;
  was_hit = true;
  return true;
}

}  // namespace faults
