// Lingering: sessions that were served just now and may ask again at once.
// Their request rings are polled for a while; they ring no bell meanwhile.
//
// Whoever drives the kernel polls (Kernel::Poll) until it finds something or
// nobody lingers any more, and sleeps only then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kernel {

class Kernel;
class Session;

class Lingering {
 public:
  // Sessions polled at a time; further ones rest at once.
  static constexpr size_t kMost = 16;

  explicit Lingering(Kernel* kernel) : kernel_(kernel) {}

  // Off until then: each session rests as soon as it has been served.
  void Enable() { enabled_ = true; }
  // False when it shall not be polled, but rest.
  bool Add(Session& session);
  void Remove(Session& session);
  // Somebody was woken who last ran on this processor: until RestAll nobody
  // else is polled on it.
  void GiveWay() { gives_way_ = true; }
  bool gives_way() const { return gives_way_; }
  // Whoever is polled rests.
  void RestAll();
  // Looks at all of them once. Who has asked becomes ready; who has not for
  // long enough rests.
  void Poll();
  bool empty() const { return count_ == 0; }

 private:
  // Polls for one look at the clock.
  static constexpr uint32_t kLooks = 16;

  void Take(size_t place);

  Kernel* const kernel_;
  bool enabled_ = false;
  bool gives_way_ = false;
  std::array<Session*, kMost> sessions_;
  size_t count_ = 0;
  uint32_t looks_ = 0;
};

}  // namespace kernel
