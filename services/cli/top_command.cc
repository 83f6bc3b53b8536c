#include "services/cli/top_command.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "absl/time/time.h"
#include "libipc/base/clock.h"
#include "services/cli/top_listing.h"
#include "services/cli/top_screen.h"
#include "services/common/nearest.h"
#include "services/common/stop_signals.h"

namespace keyport {
namespace {

// So that Ctrl-C is heard, should the kernel process be stopped.
constexpr absl::Duration kPatience = absl::Seconds(5);

absl::Status WhyNot(const absl::Status& looked) {
  const ipc::Error error = ipc::ErrorOf(looked);
  if (error == ipc::Error::peer_closed)
    return ipc::MakeStatus(error,
                           "the graph has ended (its kernel process is gone)");
  if (error == ipc::Error::timed_out)
    return ipc::MakeStatus(error, "the kernel process has not answered for " +
                                      absl::FormatDuration(kPatience));
  return looked;
}

class TopCommand {
 public:
  TopCommand(const TopOptions& options, ToolSession tool,
             ipc::Inspector inspector)
      : options_(options),
        tool_(std::move(tool)),
        inspector_(std::move(inspector)) {}

  // The first look; rates take a second one.
  absl::Status Begin() {
    if (absl::Status looked = Look(); !looked.ok()) return looked;
    if (KnowsPort()) return absl::OkStatus();
    std::vector<std::string> names;
    for (const ipc::PortEntry& port : last_.ports)
      names.push_back(NameText(port.name));
    return ipc::MakeStatus(ipc::Error::not_found,
                           "no port \"" + options_.port + "\"; there are " +
                               JoinWords(names) +
                               DidYouMean(options_.port, names));
  }

  // Until somebody stops it, or the samples were taken.
  absl::Status Run() { return on_screen_ ? RunOnScreen() : RunInLines(); }

 private:
  bool KnowsPort() const {
    return options_.port.empty() ||
           std::any_of(last_.ports.begin(), last_.ports.end(),
                       [this](const ipc::PortEntry& port) {
                         return IsPortNamed(port, options_.port);
                       });
  }

  absl::Status Look() {
    auto snapshot = TakeTraffic(inspector_, lanes_);
    if (!snapshot.ok()) return WhyNot(snapshot.status());
    const absl::Status timed = TakeTimes(
        inspector_, last_.taken_ns != 0 ? &last_ : nullptr, &*snapshot);
    if (!timed.ok()) return WhyNot(timed);
    std::erase_if(snapshot->threads, [this](const auto& thread) {
      return thread.process == tool_.session.process_id();
    });
    last_ = *std::move(snapshot);
    next_ns_ = last_.taken_ns + IntervalNs();
    return absl::OkStatus();
  }

  absl::StatusOr<TopSample> Sample() {
    TopSample sample;
    sample.before = last_;
    if (absl::Status looked = Look(); !looked.ok()) return looked;
    sample.now = last_;
    ++samples_;
    return sample;
  }

  std::span<const TopColumn> Columns() const {
    return options_.columns.empty() ? ColumnsOf(options_.scope)
                                    : options_.columns;
  }
  int64_t IntervalNs() const {
    return static_cast<int64_t>(options_.interval_seconds * 1e9);
  }
  bool Full() const {
    return options_.samples_max > 0 && samples_ >= options_.samples_max;
  }

  // What there is to do first.
  enum class Next { kSample, kKeys, kScreen, kEnd };
  Next Wait(const Terminal* terminal) {
    // No entry for a terminal that is not there: poll skips -1.
    const int keys = terminal != nullptr ? STDIN_FILENO : -1;
    const int screen = terminal != nullptr ? terminal->signals() : -1;
    std::array<pollfd, 3> entries = {{{signals_.descriptor(), POLLIN, 0},
                                      {keys, POLLIN, 0},
                                      {screen, POLLIN, 0}}};
    const int64_t left_ms = (next_ns_ - base::NowNs() + 999'999) / 1'000'000;
    poll(entries.data(), entries.size(),
         static_cast<int>(std::clamp<int64_t>(left_ms, 0, 3'600'000)));
    if (signals_.Take() != 0) return Next::kEnd;
    if (entries[2].revents != 0) return Next::kScreen;
    if (base::NowNs() >= next_ns_) return Next::kSample;
    return entries[1].revents != 0 ? Next::kKeys : Next::kScreen;
  }

  absl::Status RunInLines() {
    while (!Full() && std::ferror(stdout) == 0) {
      const Next next = Wait(nullptr);
      if (next == Next::kEnd) break;
      if (next != Next::kSample) continue;
      const auto sample = Sample();
      if (!sample.ok()) return sample.status();
      if (!KnowsPort())
        return ipc::MakeStatus(ipc::Error::not_found,
                               "port \"" + options_.port + "\" is gone");
      Listing listing =
          ListTop(*sample,
                  RowsOf(*sample, options_.scope, options_.sort, options_.port),
                  options_.scope, Columns());
      if (samples_ > 1) listing.text = "\n" + listing.text;
      Print(listing, options_.format);
      std::fflush(stdout);
    }
    return absl::OkStatus();
  }

  absl::Status RunOnScreen() {
    auto terminal = Terminal::Open(STDIN_FILENO, STDOUT_FILENO);
    if (!terminal.ok()) return terminal.status();
    TopScreen screen({.scope = options_.scope,
                      .sort = options_.sort,
                      .port = options_.port,
                      .columns = options_.columns});
    while (!Full() && (*terminal)->Draw(screen.Lines((*terminal)->size()))) {
      const Next next = Wait(terminal->get());
      if (next == Next::kEnd) break;
      if (next == Next::kScreen) (*terminal)->HandleSignals();
      if (next == Next::kKeys && !PressKeys(**terminal, &screen)) break;
      if (next != Next::kSample) continue;
      auto sample = Sample();
      if (!sample.ok()) return sample.status();
      screen.Show(*std::move(sample));
    }
    return absl::OkStatus();
  }

  // False: no more.
  static bool PressKeys(Terminal& terminal, TopScreen* screen) {
    std::vector<int> keys;
    if (!terminal.ReadKeys(&keys)) return false;
    return std::all_of(keys.begin(), keys.end(),
                       [screen](int key) { return screen->Press(key); });
  }

  const TopOptions& options_;
  const bool on_screen_ = options_.format == Format::kText &&
                          Terminal::Usable(STDIN_FILENO, STDOUT_FILENO);
  // On a screen the user may ask for them any time.
  const Lanes lanes_ = on_screen_ || options_.scope == TopScope::kLanes
                           ? Lanes::kWanted
                           : Lanes::kLeftOut;
  StopSignals signals_;
  const ToolSession tool_;  // outlives the inspector's use of it
  const ipc::Inspector inspector_;
  Snapshot last_;
  int64_t next_ns_ = 0;
  uint64_t samples_ = 0;
};

}  // namespace

int RunTop(const TopOptions& options) {
  absl::StatusOr<ToolSession> tool = ConnectTool(options.socket, "keyport top");
  if (!tool.ok()) return Complain(tool.status());
  auto inspector = ipc::Inspector::Create(std::move(tool->kernel), kPatience);
  if (!inspector.ok()) return Complain(inspector.status());
  TopCommand command(options, *std::move(tool), *std::move(inspector));
  if (absl::Status begun = command.Begin(); !begun.ok()) return Complain(begun);
  const absl::Status ran = command.Run();
  return ran.ok() ? 0 : Complain(ran);
}

}  // namespace keyport
