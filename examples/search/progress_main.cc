// progress: shows how far the crawl is. On a terminal one line that is
// rewritten, elsewhere a line a second. Loses nothing by dying: every message
// carries absolute figures.
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "examples/common/service.h"
#include "examples/search/display.h"
#include "ipc/wait_set.h"
#include "libipc/base/unique_fd.h"

namespace search {
namespace {

enum Member : uint64_t { kPort = 1, kTick = 2 };

class Display {
 public:
  Display() : terminal_(isatty(STDOUT_FILENO) == 1) {}

  bool terminal() const { return terminal_; }
  void Take(const ipc::Message& message) {
    const auto progress = DecodeProgress(message.payload());
    if (message.label() != kProgress || !progress) return;
    latest_ = *progress;
    if (latest_->finished != 0) Show();
  }
  // Prints the latest figures once.
  void Show() {
    if (!latest_) return;
    const std::string line = ProgressLine(*latest_);
    const bool finished = latest_->finished != 0;
    if (terminal_)
      std::printf("\r\x1b[K%s%s", line.c_str(), finished ? "\n" : "");
    else
      std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    latest_.reset();
  }

 private:
  const bool terminal_;
  std::optional<Progress> latest_;  // not shown yet
};

base::UniqueFd StartTimer(bool fast) {
  base::UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec period{};
  if (fast)
    period.it_interval.tv_nsec = 100'000'000;
  else
    period.it_interval.tv_sec = 1;
  period.it_value = period.it_interval;
  timerfd_settime(timer.get(), 0, &period, nullptr);
  return timer;
}

// Ok when everything that was there is taken.
absl::Status TakeAll(ipc::Receiver& port, Display& display) {
  for (;;) {
    const auto message = port.Receive(ipc::Deadline::Immediately());
    if (ipc::ErrorOf(message.status()) == ipc::Error::should_wait)
      return absl::OkStatus();
    if (!message.ok()) return message.status();
    display.Take(*message);
  }
}

absl::Status Run(example::Service& service) {
  auto port = service.TakeReceiver("progress");
  if (!port.ok()) return port.status();
  Display display;
  const base::UniqueFd timer = StartTimer(display.terminal());
  auto waits = ipc::WaitSet::Create(service.session());
  if (!waits.ok()) return waits.status();
  if (auto added = waits->Add(kPort, *port); !added.ok()) return added;
  if (auto added = waits->AddDescriptor(kTick, timer.get()); !added.ok())
    return added;
  for (;;) {
    const auto ready = waits->Wait();
    if (!ready.ok()) return ready.status();
    if (ready->key == kPort) {
      if (auto taken = TakeAll(*port, display); !taken.ok()) return taken;
    } else {
      uint64_t ticks = 0;
      if (read(timer.get(), &ticks, sizeof(ticks)) > 0) display.Show();
    }
  }
}

}  // namespace
}  // namespace search

int main() { return example::RunService("progress", search::Run); }
