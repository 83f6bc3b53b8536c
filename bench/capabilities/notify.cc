// Notifications there and back, beside an eventfd; a call answered through a
// Reply capability, beside one that is answered over its lane.
#include <sys/wait.h>

#include "bench/capabilities/many.h"
#include "bench/capabilities/raw_sockets.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "ipc/notification.h"
#include "ipc/reply.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using ipc::Notification;
using ipc::NotificationKind;

// The peer gives each word back until it gets 0.
void GiveBack(ipc::Session& session) {
  const Notification there =
      Must(Notification::Adopt(Must(session.Take("there"))));
  const Notification back =
      Must(Notification::Adopt(Must(session.Take("back"))));
  while (const uint64_t word = Must(there.Wait())) back.SignalSoon(word);
}

Times NotificationRoundTrips(const Place& place, int rounds) {
  KernelProcess kernel(place.placement.second);
  const auto make = [&] {
    return Must(
        Notification::Create(kernel.session(), NotificationKind::latest));
  };
  const Notification there = make();
  const Notification back = make();
  const ipc::InitialCapability initial[] = {{"there", &there.capability()},
                                            {"back", &back.capability()}};
  const pid_t peer =
      kernel.ForkWithSession("peer", place.placement.second, initial, GiveBack);
  Times times;
  {
    const PinnedTo pinned(place.placement.first);
    times = TimeEach(rounds, [&](int i) {
      const auto word = static_cast<uint64_t>(i + 1);
      there.SignalSoon(word);
      Expect(Must(back.Wait()) == word, "the word");
    });
    there.SignalSoon(0);
  }
  int status = 0;
  waitpid(peer, &status, 0);
  return times;
}

constexpr uint32_t kPlain = 1;
constexpr uint32_t kMoved = 2;

void AnswerEach(ipc::Receiver& receiver) {
  while (true) {
    ipc::Message call = Must(receiver.Receive());
    const uint32_t label = call.label();
    if (label == kMoved)
      Must(ipc::Replier(Must(call.MoveReply())).Reply("answer"));
    else
      Must(call.Reply("answer"));
    if (label == PortServer::kQuit) return;
  }
}

Times Calls(PortServer& server, int rounds, uint32_t label) {
  return TimeEach(rounds, [&](int) {
    const ipc::Message reply =
        Must(server.sender().Call("question", {.label = label}));
    Expect(reply.text() == "answer", "the answer");
  });
}

std::string Row(const char* what, const Place& place) {
  return std::string(what) + ", " + place.name;
}
constexpr char kNotification[] = "notification there and back";
constexpr char kEventfd[] = "eventfd there and back, beside notifications";
constexpr char kLaneReply[] = "call answered over its lane";
constexpr char kMovedReply[] = "call answered by a Reply capability";

}  // namespace

void MeasureNotify(Figures& figures, Effort effort) {
  ipc::SetPollingLimit(absl::ZeroDuration());  // the raw side sleeps as well
  const int rounds = effort.Rounds(4'000);
  for (const Place& place : kPlaces) {
    figures.AddTimes(Row(kEventfd, place),
                     EventfdRoundTrips(place.placement, rounds));
    figures.AddTimes(Row(kNotification, place),
                     NotificationRoundTrips(place, rounds));
    KernelProcess kernel(place.placement.second);
    PortServer server(kernel, place.placement.second, AnswerEach);
    const PinnedTo pinned(place.placement.first);
    Calls(server, 100, kMoved);
    figures.AddTimes(Row(kLaneReply, place), Calls(server, rounds, kPlain));
    figures.AddTimes(Row(kMovedReply, place), Calls(server, rounds, kMoved));
  }
}

void ConcludeNotify(Figures& figures) {
  for (const Place& place : kPlaces) {
    figures.Compare(Row("notification / eventfd", place),
                    Row(kNotification, place), Row(kEventfd, place));
    figures.Compare(
        Row("answered by a Reply capability / over the lane", place),
        Row(kMovedReply, place), Row(kLaneReply, place));
  }
}

}  // namespace bench
