// First figures: Keyport beside the raw mechanisms, interleaved in one run.
//
//   bench_first [--quick]
//
// Prints a table of medians (least to most over the passes) and the ratios
// that count; every reply and message is checked.
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench/first/raw.h"
#include "ipc/loan.h"
#include "ipc/port.h"
#include "ipc/process.h"
#include "ipc/tuning.h"
#include "libipc/base/clock.h"
#include "libipc/base/socket.h"

namespace bench {
namespace {

using namespace ipc;  // NOLINT: a program about it

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  fprintf(stderr, "bench_first: %s\n", value.status().ToString().c_str());
  exit(1);
}
void Must(const absl::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "bench_first: %s\n", status.ToString().c_str());
  exit(1);
}

constexpr uint32_t kEcho = 1;
constexpr uint32_t kCount = 2;
constexpr uint32_t kSum = 3;
constexpr uint32_t kQuit = 4;

// Answers echoes, counts one-way messages and checks their order.
void Serve(Receiver& receiver) {
  uint64_t counted = 0;
  while (true) {
    Message message = Must(receiver.Receive());
    switch (message.label()) {
      case kEcho:
        // A loan is not copied: its size is the answer.
        if (message.is_loan())
          Must(message.Reply(std::to_string(message.payload().size())));
        else
          Must(message.Reply(message.payload()));
        break;
      case kCount: {
        uint64_t number;
        memcpy(&number, message.payload().data(), sizeof(number));
        if (number != counted) exit(1);
        ++counted;
        break;
      }
      case kSum:
        Must(message.Reply(std::to_string(counted)));
        counted = 0;
        break;
      default:
        Must(message.Reply(""));
        return;
    }
  }
}

// A kernel process, a server process, and a sender to it, placed.
class Rig {
 public:
  Rig(Placement placement, absl::Duration polling) {
    auto pair = base::CreateSocketPair();
    LaunchOptions options;
    options.argv = {KEYPORT_BIN_DIR "/keyport-kernel", "--session-fd", "3"};
    options.session_socket = pair->first.get();
    kernel_ = Must(Launch(options));
    pair->first.Reset();
    SetPollingLimit(polling);
    session_.emplace_back(
        Must(Session::Adopt(std::move(pair->second), "bench")));
    Capability account = Must(session_[0].Take("account"));
    Capability port = Must(session_[0].CreatePort({.name = "bench"}));
    Capability send = Must(port.Mint(kRightSend | kRightDuplicate, 1));
    Capability receive = Must(port.Duplicate(kRightReceive | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &receive},
                                         {"account", &account}};
    auto child = Must(CreateProcess(account, "server", initial));
    server_ = fork();
    if (server_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      PinTo(placement.second);
      Session session = Must(Session::Adopt(std::move(child.socket), "server"));
      Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
      Serve(receiver);
      _exit(0);
    }
    sched_getaffinity(0, sizeof(before_), &before_);
    PinTo(placement.first);
    sender_.emplace_back(Must(Sender::Create(std::move(send))));
    for (int i = 0; i < 100; ++i) Must(sender_[0].Call("warm", {.label = 1}));
  }
  ~Rig() {
    Must(sender_[0].Call("", {.label = kQuit}));
    waitpid(server_, nullptr, 0);
    sender_.clear();
    session_[0].Close();
    session_.clear();
    waitpid(kernel_, nullptr, 0);
    sched_setaffinity(0, sizeof(before_), &before_);
  }
  Sender& sender() { return sender_[0]; }
  Session& session() { return session_[0]; }

 private:
  int kernel_ = 0;
  int server_ = 0;
  cpu_set_t before_;
  std::vector<Session> session_;
  std::vector<Sender> sender_;
};

double CallNs(Rig& rig, size_t bytes, int rounds) {
  const std::string payload(bytes, 'x');
  const int64_t start = base::NowNs();
  for (int i = 0; i < rounds; ++i) {
    Message reply = Must(rig.sender().Call(payload, {.label = kEcho}));
    if (reply.text() != payload) exit(1);
  }
  return static_cast<double>(base::NowNs() - start) / rounds;
}

double SendNs(Rig& rig, int messages) {
  uint64_t payload[8] = {};
  const int64_t start = base::NowNs();
  for (int i = 0; i < messages; ++i) {
    payload[0] = static_cast<uint64_t>(i);
    Must(rig.sender().Send(std::as_bytes(std::span(payload)),
                           {.label = kCount}));
  }
  Message sum = Must(rig.sender().Call("", {.label = kSum}));
  const double took = static_cast<double>(base::NowNs() - start);
  if (sum.text() != std::to_string(messages)) exit(1);
  return took / messages;
}

// Lends a block of `bytes` with a call that is answered without reading it.
double HandOverNs(Rig& rig, uint64_t bytes, int rounds) {
  Pool pool = Must(Pool::Create(rig.session(), bytes));
  {
    Loan first = Must(pool.Allocate(bytes));
    memset(first.bytes().data(), 1, first.bytes().size());
    Must(rig.sender().CallLoan(first, {.label = kEcho}));
  }
  double took = 0;
  for (int i = 0; i < rounds; ++i) {
    Loan loan;
    while (!loan.valid()) {
      auto got = pool.Allocate(bytes);
      if (got.ok())
        loan = *std::move(got);
      else  // the last one is on its way back: another call fetches it
        Must(rig.sender().Call("x", {.label = kEcho}));
    }
    const int64_t start = base::NowNs();
    Message reply = Must(rig.sender().CallLoan(loan, {.label = kEcho}));
    took += static_cast<double>(base::NowNs() - start);
    if (reply.text() != std::to_string(bytes)) exit(1);
  }
  return took / rounds;
}

struct Series {
  std::vector<double> values;
  double median() const {
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Table {
 public:
  void Add(const std::string& name, double ns) {
    if (!series_.contains(name)) order_.push_back(name);
    series_[name].values.push_back(ns);
  }
  double Median(const std::string& name) const {
    return series_.at(name).median();
  }
  void Print() const {
    printf("%-44s %12s %26s\n", "", "median ns", "least - most");
    for (const std::string& name : order_) {
      const Series& series = series_.at(name);
      const auto [least, most] =
          std::minmax_element(series.values.begin(), series.values.end());
      printf("%-44s %12.1f %12.1f - %11.1f\n", name.c_str(), series.median(),
             *least, *most);
    }
  }

 private:
  std::map<std::string, Series> series_;
  std::vector<std::string> order_;
};

void PrintRatio(const Table& table, const char* what, const char* ours,
                const char* theirs) {
  printf("%-60s %6.2f x\n", what, table.Median(ours) / table.Median(theirs));
}

void OnePass(Table& table, int scale) {
  const Placement apart = {0, 1};
  const Placement same = {0, 0};
  const absl::Duration polling = absl::Microseconds(50);
  table.Add("line there and back", LineRoundTrip(apart, 20'000 * scale));
  table.Add("raw ring call, 64 B", RingRoundTrip(apart, 20'000 * scale));
  {
    Rig rig(apart, polling);
    table.Add("Keyport call, 8 B", CallNs(rig, 8, 20'000 * scale));
    table.Add("Keyport call, 64 B", CallNs(rig, 64, 20'000 * scale));
    table.Add("raw ring send, 64 B", RingOneWay(apart, 200'000 * scale));
    table.Add("Keyport send, 64 B", SendNs(rig, 200'000 * scale));
    table.Add("Keyport loan of 64 KiB", HandOverNs(rig, 64 << 10, 500));
    table.Add("Keyport loan of 100 MB", HandOverNs(rig, 100'000'000, 500));
  }
  table.Add("copy of 100 MB", CopyNs(100'000'000));
  table.Add("futex, two processors", FutexRoundTrip(apart, 2'000 * scale));
  {
    Rig rig(apart, absl::ZeroDuration());
    table.Add("Keyport call asleep, two processors",
              CallNs(rig, 8, 2'000 * scale));
  }
  table.Add("futex, one processor", FutexRoundTrip(same, 2'000 * scale));
  {
    Rig rig(same, absl::ZeroDuration());
    table.Add("Keyport call asleep, one processor",
              CallNs(rig, 8, 2'000 * scale));
  }
  {
    Rig rig(same, polling);
    table.Add("Keyport call by default, one processor",
              CallNs(rig, 8, 2'000 * scale));
  }
  {
    Rig rig({-1, -1}, polling);
    table.Add("Keyport call by default, not pinned",
              CallNs(rig, 8, 5'000 * scale));
  }
}

int Main(bool quick) {
  Table table;
  const int passes = quick ? 3 : 9;
  for (int pass = 0; pass < passes; ++pass) {
    fprintf(stderr, "pass %d of %d\n", pass + 1, passes);
    OnePass(table, quick ? 1 : 4);
  }
  table.Print();
  printf("\n");
  PrintRatio(table, "call of 8 B / line there and back", "Keyport call, 8 B",
             "line there and back");
  PrintRatio(table, "call of 64 B / raw ring", "Keyport call, 64 B",
             "raw ring call, 64 B");
  PrintRatio(table, "raw ring send / Keyport send (rate)",
             "raw ring send, 64 B", "Keyport send, 64 B");
  PrintRatio(table, "call asleep / futex, two processors",
             "Keyport call asleep, two processors", "futex, two processors");
  PrintRatio(table, "call asleep / futex, one processor",
             "Keyport call asleep, one processor", "futex, one processor");
  PrintRatio(table, "loan of 100 MB / of 64 KiB", "Keyport loan of 100 MB",
             "Keyport loan of 64 KiB");
  PrintRatio(table, "copy of 100 MB / loan of 100 MB", "copy of 100 MB",
             "Keyport loan of 100 MB");
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc > 1 && strcmp(argv[1], "--quick") == 0);
}
