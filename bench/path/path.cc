// The processor's work for one message, without waiting and without a second
// processor: one thread sends and receives in turn. What counts is the number
// of instructions (perf stat, or callgrind, which repeats exactly).
//
//   bench_path [send|asleep|call] [ROUNDS]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <string>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "ipc/port.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using namespace ipc;  // NOLINT: a program about it

// What this process used of its processor for `operation`.
template <typename Operation>
double ProcessorNs(const Operation& operation) {
  timespec before = {};
  timespec after = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  operation();
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  return static_cast<double>(after.tv_sec - before.tv_sec) * 1e9 +
         static_cast<double>(after.tv_nsec - before.tv_nsec);
}

// Nanoseconds a call, to a server in its place.
double CallNs(Placement placement, int rounds) {
  KernelProcess kernel;
  PortServer server(kernel, placement.second, [](Receiver& receiver) {
    while (true) {
      Message message = Must(receiver.Receive());
      Must(message.Reply(message.payload()));
      if (message.label() == PortServer::kQuit) return;
    }
  });
  PinnedTo pinned(placement.first);
  return TimeAll([&] {
           for (int i = 0; i < rounds; ++i)
             Expect(Must(server.sender().Call("question")).text() == "question",
                    "the answer");
         }) /
         rounds;
}

// What both sides and Linux do for a call, with nothing beside it.
int Asleep(int rounds) {
  SetPollingLimit(absl::ZeroDuration());
  printf("asleep on one processor: %.0f ns a call\n",
         CallNs(kOneProcessor, rounds));
  return 0;
}

// To be profiled.
int CallPolling(int rounds) {
  printf("polling on two processors: %.0f ns a call\n", CallNs(kApart, rounds));
  return 0;
}

int SendAndReceive(const std::string& what, int rounds) {
  KernelProcess kernel;
  Capability port = Must(kernel.session().CreatePort({.name = "path"}));
  Capability send = Must(port.Mint(kRightSend, 1));
  Sender sender = Must(Sender::Create(std::move(send)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  uint64_t payload[8] = {};
  const Bytes bytes = std::as_bytes(std::span(payload));
  for (int i = 0; i < 1000; ++i) {
    Must(sender.Send(bytes));
    Must(receiver.Receive());
  }
  const double took = ProcessorNs([&] {
    for (int i = 0; i < rounds; ++i) {
      payload[0] = static_cast<uint64_t>(i);
      Must(sender.Send(bytes));
      const Message message = Must(receiver.Receive());
      Expect(memcmp(message.payload().data(), payload, sizeof(payload)) == 0,
             "the content");
    }
  });
  printf("%s: %.1f ns a message\n", what.c_str(), took / rounds);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "send";
  const int rounds = argc > 2 ? atoi(argv[2]) : 1'000'000;
  if (what == "asleep") return bench::Asleep(rounds);
  if (what == "call") return bench::CallPolling(rounds);
  return bench::SendAndReceive(what, rounds);
}
