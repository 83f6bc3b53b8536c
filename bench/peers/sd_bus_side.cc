#include "bench/peers/sd_bus_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <optional>

#include "bench/common/must.h"
#include "bench/peers/link_peer.h"

namespace bench {
namespace {

constexpr char kPath[] = "/echo";
constexpr char kInterface[] = "keyport.bench.Echo";
constexpr uint64_t kDefaultTimeout = 0;
// Written by sd-bus only when somebody flushes or waits.
constexpr uint64_t kQueuedMax = 128;

void AppendBytes(sd_bus_message* message, Bytes bytes) {
  CheckBus(
      sd_bus_message_append_array(message, 'y', bytes.data(), bytes.size()),
      "appending bytes");
}
Bytes ReadBytes(sd_bus_message* message) {
  const void* data = nullptr;
  size_t size = 0;
  CheckBus(sd_bus_message_read_array(message, 'y', &data, &size),
           "reading bytes");
  return {static_cast<const std::byte*>(data), size};
}

class Server {
 public:
  static int Handle(sd_bus_message* call, void* self, sd_bus_error*) {
    return static_cast<Server*>(self)->Handle(call);
  }
  bool ended() const { return ended_; }

 private:
  int Handle(sd_bus_message* call) {
    if (IsCall(call, "Echo")) return Echo(call);
    if (IsCall(call, "Put")) return Put(call);
    if (IsCall(call, "Start")) return Start(call);
    if (IsCall(call, "Taken")) return Taken(call);
    if (IsCall(call, "Arrival")) return Arrival(call);
    if (IsCall(call, "End")) return End();
    return 0;
  }
  static bool IsCall(sd_bus_message* call, const char* method) {
    return sd_bus_message_is_method_call(call, kInterface, method) > 0;
  }

  int Echo(sd_bus_message* call) {
    sd_bus_message* answer = nullptr;
    CheckBus(sd_bus_message_new_method_return(call, &answer), "an answer");
    const BusMessage owner(answer);
    AppendBytes(answer, ReadBytes(call));
    CheckBus(sd_bus_send(nullptr, answer, nullptr), "answering");
    return 1;
  }
  int Put(sd_bus_message* call) {
    Expect(contents_.has_value(), "started");
    contents_->Check(taken_++, ReadBytes(call));
    return 1;
  }
  int Start(sd_bus_message* call) {
    uint64_t bytes = 0;
    CheckBus(sd_bus_message_read(call, "t", &bytes), "reading a size");
    contents_.emplace(bytes);
    taken_ = 0;
    return sd_bus_reply_method_return(call, "");
  }
  int Taken(sd_bus_message* call) {
    return sd_bus_reply_method_return(call, "t", taken_);
  }

  int Arrival(sd_bus_message* call) {
    const int64_t now = base::NowNs();
    Put(call);
    return sd_bus_reply_method_return(call, "x", now);
  }
  int End() {
    ended_ = true;
    return 1;
  }

  std::optional<Contents> contents_;
  uint64_t taken_ = 0;
  bool ended_ = false;
};

}  // namespace

void CheckBus(int result, const char* what) {
  if (result >= 0) return;
  fprintf(stderr, "sd-bus, %s: %s\n", what, strerror(-result));
  _Exit(1);
}

Bus NewBus() {
  sd_bus* bus = nullptr;
  CheckBus(sd_bus_new(&bus), "a connection");
  return Bus(bus);
}

void UseSocket(sd_bus* bus, int socket) {
  CheckBus(sd_bus_set_fd(bus, socket, socket), "a socket");
}

void ServeBus(sd_bus* bus) {
  Server server;
  CheckBus(sd_bus_add_object(bus, nullptr, kPath, Server::Handle, &server),
           "an object");
  while (!server.ended()) {
    const int did = sd_bus_process(bus, nullptr);
    CheckBus(did, "processing");
    if (did == 0) CheckBus(sd_bus_wait(bus, UINT64_MAX), "waiting");
  }
}

BusClient::BusClient(Bus bus, std::string destination, RunsAhead runs_ahead)
    : bus_(std::move(bus)),
      destination_(std::move(destination)),
      runs_ahead_(runs_ahead) {}

BusClient::~BusClient() { SendOnly(NewCall("End").get()); }

Times BusClient::RoundTrips(size_t bytes, int rounds) {
  Contents contents(bytes);
  Times times;
  times.reserve(static_cast<size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    times.push_back(RoundTrip(contents, static_cast<uint64_t>(i)));
  }
  return times;
}

double BusClient::OneWayNs(size_t bytes, int messages) {
  constexpr size_t kBytesAhead = 4 << 20;
  constexpr size_t kMessagesAhead = 512;
  const size_t ahead =
      std::clamp<size_t>(kBytesAhead / (bytes + 1), 1, kMessagesAhead);
  Contents contents(bytes);
  Start(bytes);
  const auto count = static_cast<uint64_t>(messages);
  return TimeAll([&] {
           for (uint64_t i = 0; i < count; ++i) {
             Put(contents.Of(i));
             if (runs_ahead_ == RunsAhead::kWithinQuota && i % ahead == 0) {
               AwaitTaken(i + 1);
             }
           }
           AwaitTaken(count);
         }) /
         messages;
}

Times BusClient::WakeUps(int64_t idle_ns, int rounds) {
  Contents contents(kArrivalBytes);
  Start(kArrivalBytes);
  return TimeArrivals(idle_ns, rounds, [&](uint64_t number) {
    const BusMessage call = NewCall("Arrival");
    AppendBytes(call.get(), contents.Of(number));
    const BusMessage answer = Call(call.get());
    int64_t arrived = 0;
    CheckBus(sd_bus_message_read(answer.get(), "x", &arrived), "a time");
    return arrived;
  });
}

BusMessage BusClient::NewCall(const char* method) {
  sd_bus_message* call = nullptr;
  CheckBus(sd_bus_message_new_method_call(
               bus_.get(), &call,
               destination_.empty() ? nullptr : destination_.c_str(), kPath,
               kInterface, method),
           "a call");
  return BusMessage(call);
}

BusMessage BusClient::Call(sd_bus_message* call) {
  sd_bus_message* answer = nullptr;
  CheckBus(sd_bus_call(bus_.get(), call, kDefaultTimeout, nullptr, &answer),
           "calling");
  return BusMessage(answer);
}

void BusClient::SendOnly(sd_bus_message* call) {
  CheckBus(sd_bus_message_set_expect_reply(call, 0), "one way");
  CheckBus(sd_bus_send(bus_.get(), call, nullptr), "sending");
}

int64_t BusClient::RoundTrip(Contents& contents, uint64_t number) {
  const Bytes request = contents.Of(number);
  const int64_t start = base::NowNs();
  const BusMessage call = NewCall("Echo");
  AppendBytes(call.get(), request);
  const BusMessage answer = Call(call.get());
  const Bytes echo = ReadBytes(answer.get());
  const int64_t took = base::NowNs() - start;
  contents.Check(number, echo);
  return took;
}

void BusClient::Start(size_t bytes) {
  const BusMessage call = NewCall("Start");
  CheckBus(sd_bus_message_append(call.get(), "t", uint64_t{bytes}), "a size");
  Call(call.get());
}

void BusClient::Put(Bytes content) {
  const BusMessage call = NewCall("Put");
  AppendBytes(call.get(), content);
  SendOnly(call.get());
  uint64_t queued = 0;
  CheckBus(sd_bus_get_n_queued_write(bus_.get(), &queued), "the queue");
  if (queued > kQueuedMax) CheckBus(sd_bus_flush(bus_.get()), "flushing");
}

void BusClient::AwaitTaken(uint64_t messages) {
  const BusMessage answer = Call(NewCall("Taken").get());
  uint64_t taken = 0;
  CheckBus(sd_bus_message_read(answer.get(), "t", &taken), "a count");
  Expect(taken == messages, "each message arrived");
}

}  // namespace bench
