// Getting to the first message: over a new connection, and from a new process.
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/data/raw_connect.h"
#include "bench/data/systems.h"
#include "bench/light/keyport_rig.h"

namespace bench {
namespace {

constexpr char kProgram[] = KEYPORT_BIN_DIR "/bench_first_message";

void Echo(ipc::Receiver& receiver) {
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (IsQuit(message)) return;
    Must(message.Reply(message.payload()));
  }
}

// From holding a capability to the first answer; what was connected ends
// outside of what is timed.
Times KeyportConnects(int rounds) {
  KeyportRig rig(kApart, Waits::kDefault, Echo);
  Times times;
  std::byte question[64];
  for (int i = 0; i < rounds; ++i) {
    FillContent(question, static_cast<uint64_t>(i));
    ipc::Capability port = rig.server().NewSend();
    const int64_t start = base::NowNs();
    ipc::Sender sender = Must(ipc::Sender::Create(std::move(port)));
    const auto answer = Must(sender.Call(question));
    times.push_back(base::NowNs() - start);
    Expect(answer.text() == ipc::TextOf(question), "the answer");
  }
  return times;
}

Times KeyportStarts(int rounds) {
  KernelProcess kernel;
  const auto port = Must(kernel.session().CreatePort({}));
  ipc::Receiver receiver =
      Must(ipc::Receiver::Create(Must(port.Duplicate(ipc::kRightReceive))));
  ipc::Capability send =
      Must(port.Duplicate(ipc::kRightSend | ipc::kRightDuplicate));
  const ipc::InitialCapability initial[] = {{"port", &send}};
  Times times;
  for (int i = 0; i < rounds; ++i) {
    const int64_t start = base::NowNs();
    auto child = Must(ipc::ChildProcess::Start(kernel.account(), "first",
                                               initial, {.argv = {kProgram}}));
    const auto message = Must(receiver.Receive());
    times.push_back(base::NowNs() - start);
    Expect(message.text() == "started", "the message");
    Expect(Must(child.Wait()).good(), "the process's end");
  }
  return times;
}

// The same program, which writes to a socket instead.
Times RawStarts(int rounds) {
  int ends[2];
  Expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0, "socketpair");
  std::string program = kProgram;
  std::string argument = std::to_string(ends[1]);
  char* const argv[] = {program.data(), argument.data(), nullptr};
  Times times;
  for (int i = 0; i < rounds; ++i) {
    char text[8] = {};
    pid_t child = 0;
    const int64_t start = base::NowNs();
    Expect(posix_spawn(&child, kProgram, nullptr, nullptr, argv, environ) == 0,
           "posix_spawn");
    Expect(recv(ends[0], text, sizeof(text), 0) == 7, "recv");
    times.push_back(base::NowNs() - start);
    Expect(strcmp(text, "started") == 0, "the message");
    Join(child);
  }
  return times;
}

}  // namespace

void MeasureConnect(const Pass& pass) {
  const int rounds = pass.Rounds(1'000) + 4;
  AddTimesOf(pass, {kConnectGroup, kKeyport},
             [&] { return KeyportConnects(rounds); });
  AddTimesOf(pass, {kConnectGroup, kRawConnect},
             [&] { return MemoryConnects(rounds); });
  AddTimesOf(pass, {kConnectGroup, "AF_UNIX seqpacket"},
             [&] { return SocketConnects(rounds); });
}

void MeasureStart(const Pass& pass) {
  const int rounds = pass.Rounds(80) + 4;
  AddTimesOf(pass, {kStartGroup, kKeyport},
             [&] { return KeyportStarts(rounds); });
  AddTimesOf(pass, {kStartGroup, "the same program, AF_UNIX"},
             [&] { return RawStarts(rounds); });
}

}  // namespace bench
