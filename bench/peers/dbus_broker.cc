// D-Bus by way of dbus-broker, both sides with sd-bus. The broker is one of our
// own, driven by the interface that dbus-broker(1) describes: no launcher, a
// policy that allows everything. It has no settings for speed; its quotas are
// raised, and one-way messages await their receiver now and then, because a
// broker drops what exceeds them. Unless both sides share a processor, and it
// with them, it runs on any.
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common/must.h"
#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"
#include "bench/peers/sd_bus_side.h"
#include "bench/peers/server_process.h"

namespace bench {
namespace {

constexpr char kServerName[] = "keyport.bench.Server";
constexpr char kMachineId[] = "6b6579706f727462656e636870656572";

base::UniqueFd Listen(const std::string& name) {
  base::UniqueFd socket(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  Expect(name.size() + 1 <= sizeof(address.sun_path), "a short name");
  memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  Expect(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
             listen(socket.get(), 8) == 0,
         "listening");
  return socket;
}

// Ends with this object or with the process.
class Broker {
 public:
  explicit Broker(int processor) {
    SocketEnds ends = NewSocketEnds(SOCK_STREAM);
    process_ = fork();
    Expect(process_ >= 0, "fork");
    if (process_ == 0) Run(ends.server.get(), processor);
    controller_ = std::move(ends.client);
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }

  // In a process that is to have nothing to do with the broker's start.
  void Forget() { controller_ = {}; }
  void Serve(const base::UniqueFd& listener);

 private:
  [[noreturn]] static void Run(int controller, int processor) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    PinTo(processor);
    const std::string inherited = std::to_string(dup(controller));
    execl(KEYPORT_DBUS_BROKER, KEYPORT_DBUS_BROKER, "--controller",
          inherited.c_str(), "--machine-id", kMachineId, "--max-bytes",
          "1000000000", nullptr);
    _exit(1);
  }

  base::UniqueFd controller_;
  Bus bus_;
  pid_t process_;
};

// Who may connect, own, send and receive: for each user, group, label.
#define RULES "bta(btbs)a(btssssuutt)a(btssssuutt)"
constexpr char kPolicy[] = "(a(u(" RULES "))a(buu(" RULES "))a(ss)bs)";
#undef RULES

void AppendOpenPolicy(sd_bus_message* call) {
  constexpr int kAllow = 1;
  constexpr int kByPrefix = 1;
  constexpr uint64_t kPriority = 1;
  constexpr uint32_t kAnyUser = UINT32_MAX;
  constexpr uint32_t kAnyKind = 0;
  constexpr uint64_t kFdsMin = 0;
  constexpr uint64_t kFdsMax = UINT64_MAX;
  CheckBus(sd_bus_message_append(
               call, "v", kPolicy,                              //
               1, kAnyUser, kAllow, kPriority,                  // connecting
               1, kAllow, kPriority, kByPrefix, "",             // owning names
               1, kAllow, kPriority, "", "", "", "", kAnyKind,  // sending
               kAnyKind, kFdsMin, kFdsMax,                      //
               1, kAllow, kPriority, "", "", "", "", kAnyKind,  // receiving
               kAnyKind, kFdsMin, kFdsMax,                      //
               0, 0, 0, "session"),
           "a policy");
}

void Broker::Serve(const base::UniqueFd& listener) {
  bus_ = NewBus();
  UseSocket(bus_.get(), controller_.Release());
  CheckBus(sd_bus_start(bus_.get()), "starting");
  sd_bus_message* call = nullptr;
  CheckBus(sd_bus_message_new_method_call(
               bus_.get(), &call, nullptr, "/org/bus1/DBus/Broker",
               "org.bus1.DBus.Broker", "AddListener"),
           "a call");
  const BusMessage owner(call);
  CheckBus(sd_bus_message_append(call, "oh", "/org/bus1/DBus/Listener/0",
                                 listener.get()),
           "a listener");
  AppendOpenPolicy(call);
  CheckBus(sd_bus_call(bus_.get(), call, 0, nullptr, nullptr),
           "adding a listener to dbus-broker");
}

Bus Connect(const std::string& name) {
  Bus bus = NewBus();
  const std::string address = "unix:abstract=" + name;
  CheckBus(sd_bus_set_address(bus.get(), address.c_str()), "an address");
  CheckBus(sd_bus_set_bus_client(bus.get(), 1), "being a client");
  CheckBus(sd_bus_start(bus.get()), "starting");
  return bus;
}

class BrokeredBus : public Peer {
 public:
  BrokeredBus(Placement placement, const std::string& name)
      : listener_(Listen(name)),
        broker_(placement.first == placement.second ? placement.first
                                                    : kAnywhere),
        server_(placement.second, [&](Orders& orders) {
          listener_ = {};
          broker_.Forget();
          const Bus bus = Connect(name);
          CheckBus(sd_bus_request_name(bus.get(), kServerName, 0), "a name");
          orders.Done();
          ServeBus(bus.get());
        }) {
    PinTo(placement.first);
    broker_.Serve(listener_);
    listener_ = {};
    server_.AwaitDone();
    client_ = std::make_unique<BusClient>(Connect(name), kServerName,
                                          RunsAhead::kWithinQuota);
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    return client_->RoundTrips(bytes, rounds);
  }
  double OneWayNs(size_t bytes, int messages) override {
    return client_->OneWayNs(bytes, messages);
  }
  Times WakeUps(int64_t idle_ns, int rounds) override {
    return client_->WakeUps(idle_ns, rounds);
  }

 private:
  base::UniqueFd listener_;
  Broker broker_;
  ServerProcess server_;
  std::unique_ptr<BusClient> client_;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  return Warm(std::make_unique<BrokeredBus>(placement, SocketName()));
}

}  // namespace

const PeerKind& DbusBrokerPeer() {
  static constexpr PeerKind kKind = {"dbus-broker", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
