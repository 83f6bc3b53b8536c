// StopSignals: SIGINT, SIGTERM and SIGHUP as something to poll. Handlers, not
// a mask, because a mask would be inherited by the services. One at a time.
#pragma once

#include <signal.h>

#include <array>

namespace keyport {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Readable when a signal came. Owned by this.
  int descriptor() const;
  // The signal that came first, or 0; takes one.
  int Take();

 private:
  static constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP,
                                                  SIGPIPE};
  std::array<struct sigaction, kSignals.size()> before_ = {};
};

}  // namespace keyport
