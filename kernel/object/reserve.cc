#include "kernel/object/reserve.h"

#include <unistd.h>

#include <cstdlib>
#include <new>
#include <utility>

namespace kernel {
namespace {

struct Piece {
  Piece* next;
};

// Pieces of one size.
struct Pile {
  const size_t bytes;
  const size_t most;
  Piece* first = nullptr;
  size_t count = 0;

  // Returns whether there are as many as there have to be.
  bool Fill() {
    while (count < most) {
      void* memory = ::operator new(bytes, std::nothrow);
      if (memory == nullptr) return false;
      first = new (memory) Piece{first};
      ++count;
    }
    return true;
  }
  void Empty() {
    while (first != nullptr)
      ::operator delete(std::exchange(first, first->next));
    count = 0;
  }
};

// Of the one that lives: a new-handler is told nothing.
bool installed = false;
bool held = false;
Pile whole = {Reserve::kBytes, 1};
Pile large = {Reserve::kLargeBytes, Reserve::kLarge};
Pile small = {Reserve::kSmallBytes, Reserve::kSmall};

void GiveBack() {
  held = false;
  for (Pile* pile : {&whole, &large, &small}) pile->Empty();
}

// In pieces where it is not to be had whole. What there is of these stays until
// it is.
bool Take() {
  if (!whole.Fill()) return large.Fill() && small.Fill();
  large.Empty();
  small.Empty();
  return true;
}

void Spend() {
  if (whole.count + large.count + small.count != 0) return GiveBack();
  constexpr char kText[] =
      "keyport-kernel: out of memory, and the reserve does not suffice\n";
  (void)!write(STDERR_FILENO, kText, sizeof(kText) - 1);
  std::abort();
}

}  // namespace

Reserve::Reserve() {
  installed = true;
  Held();
}

Reserve::~Reserve() {
  installed = false;
  std::set_new_handler(nullptr);
  GiveBack();
}

bool Reserve::Held() {
  if (held || !installed) return true;
  // Not by way of the handler: it would give back what is being taken.
  std::set_new_handler(nullptr);
  held = Take();
  std::set_new_handler(&Spend);
  return held;
}

}  // namespace kernel
