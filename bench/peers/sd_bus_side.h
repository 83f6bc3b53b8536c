// The two sides of a measurement that talks D-Bus through sd-bus, directly or
// by way of a broker.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

#include "bench/peers/contents.h"
#include "bench/peers/peer.h"

namespace bench {

struct BusCloser {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, BusCloser>;
struct BusMessageFreer {
  void operator()(sd_bus_message* message) const {
    sd_bus_message_unref(message);
  }
};
using BusMessage = std::unique_ptr<sd_bus_message, BusMessageFreer>;

// Fails, with the error's text, unless `result` is 0 or more.
void CheckBus(int result, const char* what);

Bus NewBus();
// Of a bus that was not started yet: talks over `socket`, which it owns.
void UseSocket(sd_bus* bus, int socket);

// Answers calls until the client ends.
void ServeBus(sd_bus* bus);

// How far one-way messages may run ahead of their receiver. A broker counts
// them against a quota; a socket alone slows the sender down.
enum class RunsAhead { kFreely, kWithinQuota };

class BusClient {
 public:
  // `destination` is empty without a broker.
  BusClient(Bus bus, std::string destination, RunsAhead runs_ahead);
  BusClient(const BusClient&) = delete;
  BusClient& operator=(const BusClient&) = delete;
  // Ends the server, too.
  ~BusClient();

  Times RoundTrips(size_t bytes, int rounds);
  double OneWayNs(size_t bytes, int messages);
  Times WakeUps(int64_t idle_ns, int rounds);

 private:
  BusMessage NewCall(const char* method);
  BusMessage Call(sd_bus_message* call);
  void SendOnly(sd_bus_message* call);
  int64_t RoundTrip(Contents& contents, uint64_t number);
  void Start(size_t bytes);
  void Put(Bytes content);
  void AwaitTaken(uint64_t messages);

  Bus bus_;
  std::string destination_;
  RunsAhead runs_ahead_;
};

}  // namespace bench
