// Random requests by clients that know half of what they do, with fixed seeds.
// Whatever they ask, others are served and nothing of theirs stays behind.
#include "kernel/object/lane_positions.h"
#include "libipc/abi/flight.h"
#include "libipc/abi/threads.h"
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class RandomTest : public KernelTest {
 protected:
  static constexpr int kSteps = 3000;
  static constexpr uint64_t kSeeds = 16;
  static constexpr uint64_t kSeedsMax = 200;

  uint64_t Random(uint64_t below) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % below;
  }
  static const std::map<Syscall, ObjectKind>& Kinds() {
    static const std::map<Syscall, ObjectKind> kKinds = {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  {Syscall::name, ObjectKind::kind},
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
    };
    return kKinds;
  }
  // Mostly one that the client holds.
  Handle AnyHandle(RawClient& client) {
    const HandleTable& table = client.session()->handles;
    if (table.slots() != 0 && Random(16) != 0) {
      const auto slot = static_cast<uint32_t>(Random(table.slots()));
      if (const Capability* held = table.At(slot)) return held->handle;
    }
    return static_cast<Handle>(Random(1u << 31));
  }
  // One of the kind that the call wants, if the client holds one.
  Handle HandleFor(RawClient& client, Syscall call) {
    const auto line = Kinds().find(call);
    if (line == Kinds().end()) return AnyHandle(client);
    if (line->second == ObjectKind::none) return abi::kNoHandle;
    for (int tries = 0; tries < 20; ++tries) {
      const Handle handle = AnyHandle(client);
      const Capability* held = client.session()->handles.Find(handle);
      if (line->second == ObjectKind::any ||
          (held != nullptr && held->object->kind == line->second))
        return handle;
    }
    return AnyHandle(client);
  }
  uint64_t AnyIdOf(ObjectKind kind) {
    const auto& objects = kernel_.objects(kind);
    if (objects.empty()) return 0;
    return std::next(objects.begin(), static_cast<long>(Random(objects.size())))
        ->first;
  }
  std::vector<uint8_t> PayloadFor(RawClient& client, Syscall call) {
    std::vector<uint8_t> payload;
    if (call == Syscall::transfer_stage) {
      for (uint64_t left = 1 + Random(3); left > 0; --left) {
        const abi::TransferItem item = {AnyHandle(client), abi::kRightsSame,
                                        static_cast<uint32_t>(Random(2)), 0};
        const auto bytes = Bytes(&item, sizeof(item));
        payload.insert(payload.end(), bytes.begin(), bytes.end());
      }
    } else if (call == Syscall::process_create) {
      payload = CreatePayload("p", {{"x", AnyHandle(client)}});
    } else if (call == Syscall::account_create ||
               call == Syscall::account_limit) {
      payload.resize(sizeof(abi::AccountLimits));
    } else if (Random(20) == 0) {
      payload.resize(Random(200), static_cast<uint8_t>(Random(256)));
    }
    return payload;
  }
  // At a subscription to what the client publishes, if there is one.
  void AimAtSubscriber(RawClient& client, abi::Request* request) {
    for (const auto& [id, object] : kernel_.objects(ObjectKind::topic)) {
      const Topic& topic = As<Topic>(*object);
      if (topic.publication.session != client.session()) continue;
      request->handle = topic.publication.capability->handle;
      for (const auto& [of, subscription] : topic.subscriptions)
        if (subscription->reliable()) request->args[0] = of;
    }
  }
  uint64_t ArgumentFor(RawClient& client, Syscall call) {
    if (call == Syscall::region_create || call == Syscall::port_create)
      return 4096u << Random(3);
    if (call == Syscall::lane_resize) return 4096u << Random(4);
    if (call == Syscall::handle_duplicate || call == Syscall::handle_mint)
      return abi::kRightsSame;
    if (call == Syscall::region_grow) return 4096u << Random(5);
    if (call == Syscall::region_state || call == Syscall::region_unmapped)
      return AnyIdOf(ObjectKind::region);
    if (call == Syscall::port_times) return AnyIdOf(ObjectKind::port);
    if (call == Syscall::lane_attach)
      return HandleFor(client, Syscall::region_map);
    if (call == Syscall::account_limit)
      return HandleFor(client, Syscall::account_info);
    if (call == Syscall::lock_attach || call == Syscall::lock_detach) return 0;
    if (call == Syscall::wait_cancel) return Random(50);
    if (call == Syscall::deadlock_check) return Random(4);
    if (call == Syscall::reply_create || call == Syscall::reply_cancel)
      return 1 + Random(3);
    if (call == Syscall::object_list) return Random(8);
    if (call == Syscall::topic_create) return 4096;
    return Random(3) == 0 ? AnyHandle(client) : Random(5);
  }
  // Of some lane of the client's, where it is traced.
  uint64_t ScopeOf(RawClient& client) {
    for (const auto& [id, object] : kernel_.objects(ObjectKind::lane))
      for (const abi::LaneScope& scope : As<Lane>(*object).tracing.scopes)
        if (As<Lane>(*object).sender().session == client.session() &&
            scope.id != 0 && Random(3) == 0)
          return scope.id;
    return 0;
  }
  uint64_t TracingOf(RawClient& client) {
    const auto& tracings = client.session()->tracings;
    if (tracings.empty()) return 0;
    return std::next(tracings.begin(),
                     static_cast<long>(Random(tracings.size())))
        ->first;
  }
  void AimAtTracing(RawClient& client, abi::Request* request) {
    const auto call = static_cast<Syscall>(request->number);
    if (call == Syscall::trace_ring && request->options == 0) {
      request->args[0] = 0;
      request->args[1] = ScopeOf(client);
    }
    if (call == Syscall::trace_ring && request->options != 0)
      request->args[0] = 1 + Random(20);
    if (call == Syscall::trace_port || call == Syscall::trace_all)
      request->args[0] =
          (request->options & abi::kTraceLossless) != 0 ? 1'000 : 0;
    if (call == Syscall::trace_end || call == Syscall::trace_ready)
      request->args[0] = TracingOf(client);
    if (call == Syscall::trace_next) request->args[1] = TracingOf(client);
  }
  void AimAtFlight(abi::Request* request) {
    const auto call = static_cast<Syscall>(request->number);
    if (call == Syscall::flight_next) request->args[0] = Random(3);
    if (call != Syscall::flight_ring) return;
    request->options = static_cast<uint32_t>(Random(3));
    // One of those granted last, by whichever client.
    if (request->options != abi::kFlightRingGrant)
      request->args[0] = flight_ring_ - std::min(flight_ring_, Random(3));
    else
      request->args[0] = 0;
    request->args[1] = 0;
  }
  // Blocks in topics: of what the client publishes, or subscribed to.
  void AimAtBlocks(RawClient& client, abi::Request* request) {
    const auto call = static_cast<Syscall>(request->number);
    if (call == Syscall::topic_map) request->args[0] = Random(3);
    if (call != Syscall::topic_attach) return;
    request->options = Random(8) == 0 ? abi::kTopicDetach : 0;
    request->args[0] = request->options != 0
                           ? Random(3)
                           : HandleFor(client, Syscall::region_map);
    for (const auto& [id, object] : kernel_.objects(ObjectKind::topic)) {
      const auto& publication = As<Topic>(*object).publication;
      if (publication.session == client.session())
        request->handle = publication.capability->handle;
    }
  }
  uint64_t EndOf(RawClient& client, Handle lane) {
    const Capability* held = kernel_.Find(*client.session(), lane);
    if (held == nullptr || held->object->kind != ObjectKind::lane) return 0;
    return Measure(As<Lane>(*held->object)).request_end;
  }
  void AskSomething(RawClient& client) {
    abi::Request request = {};
    const auto call =
        std::next(Kinds().begin(), static_cast<long>(Random(Kinds().size())))
            ->first;
    if (call == Syscall::region_destroy && Random(4) != 0) return;
    if (call == Syscall::handle_close && Random(3) != 0) return;
    if (call == Syscall::process_end && Random(8) != 0) return;
    if (call == Syscall::process_create && host_.children.size() > 8) return;
    request.number = static_cast<uint32_t>(call);
    request.handle = HandleFor(client, call);
    if (Random(8) == 0) request.options = static_cast<uint32_t>(Random(4));
    if (Random(4) != 0) request.args[0] = ArgumentFor(client, call);
    if (call == Syscall::region_create) {
      request.options = static_cast<uint32_t>(Random(8));
      if ((request.options & abi::kRegionGrowable) != 0)
        request.args[1] = request.args[0] << Random(3);
    }
    if (call == Syscall::topic_create)
      request.options = static_cast<uint32_t>(Random(2));
    if (call == Syscall::topic_subscribe)
      request.options = static_cast<uint32_t>(Random(8));
    if (call == Syscall::topic_cut) AimAtSubscriber(client, &request);
    if (call == Syscall::lane_resized && Random(4) != 0)
      request.args[0] = EndOf(client, request.handle);
    if (call == Syscall::port_create && Random(2) == 0)
      request.args[1] = 65'536;
    if (call == Syscall::handle_mint || call == Syscall::object_list)
      request.args[1] = Random(3);
    AimAtTracing(client, &request);
    AimAtFlight(&request);
    AimAtBlocks(client, &request);
    request.user_data = Random(50);
    client.SubmitRaw(request, PayloadFor(client, call));
  }
  // The words that the kernel measures, as wrong as can be.
  void LieInLanes() {
    for (const auto& [id, object] : kernel_.objects(ObjectKind::lane))
      for (const Lane::End& end : As<Lane>(*object).ends) {
        if (end.memory.get() < 0 || end.ready()) continue;
        auto half = base::Half::Map(end.memory.get(),
                                    As<Lane>(*object).port->ring_bytes, end.key,
                                    base::Access::kReadWrite);
        if (!half.ok()) continue;
        (*half)->tail().store(Random(1u << 14) << Random(50));
        (*half)->head().store(Random(1u << 14) << Random(50));
      }
  }
  // What its threads sleep on, with real lanes among the lies.
  void LieAboutThreads(RawClient& client) {
    auto* table = reinterpret_cast<abi::ThreadTable*>(
        reinterpret_cast<uint8_t*>(client.requests()->control()) +
        abi::kThreadTableOffset);
    table->used = static_cast<uint32_t>(Random(6));
    table->beyond = Random(8) == 0 ? 1 : 0;
    abi::ThreadSlot& slot = table->slots[Random(4)];
    slot.word = static_cast<uint32_t>(Random(6) | Random(100) << 8);
    if (Random(2) == 0)
      slot.word = static_cast<uint32_t>(abi::ThreadState::calling);
    slot.flow = Random(3);
    slot.position = Random(1u << 13);
    const auto& lanes = kernel_.objects(ObjectKind::lane);
    slot.lane = Random(100);
    slot.port = Random(100);
    if (lanes.empty()) return;
    auto lane = std::next(lanes.begin(),
                          static_cast<std::ptrdiff_t>(Random(lanes.size())));
    slot.lane = lane->first;
    slot.port = As<Lane>(*lane->second).port->id;
  }
  void Count(RawClient& client) {
    while (auto done = client.TryTake()) {
      if (done->error() != Error::ok ||
          done->completion.number >= succeeded_.size())
        continue;
      ++succeeded_[done->completion.number];
      if (done->completion.number ==
          static_cast<uint32_t>(Syscall::flight_ring))
        flight_ring_ = std::max(flight_ring_, done->value(0));
    }
  }
  void Play(std::vector<std::unique_ptr<RawClient>>& clients) {
    for (int step = 0; step < kSteps; ++step) {
      RawClient& client = *clients[Random(clients.size())];
      if (!client.alive()) continue;
      AskSomething(client);
      if (Random(4) != 0) kernel_.Turn();
      if (Random(4) == 0) Settle();
      if (Random(16) == 0) LieInLanes();
      if (Random(4) == 0) LieAboutThreads(client);
      Count(client);
      client.Bell();
      if (Random(1500) == 0 && client.alive())
        kernel_.EndSession(*client.session());
      if (Random(100) == 0) EndOldestChild();
    }
  }
  void EndOldestChild() {
    if (host_.children.empty()) return;
    if (Session* one = kernel_.FindSession(host_.children.front().session))
      kernel_.EndSession(*one);
    host_.children.pop_front();
  }
  // The first may end itself, and the second.
  void GiveProcesses(std::vector<std::unique_ptr<RawClient>>& clients) {
    for (const int i : {0, 1})
      kernel_.Place(*clients[0]->session(),
                    *kernel_.NewCapability(
                        {.object = clients[i]->session()->process,
                         .rights = abi::kRightManage | abi::kRightWait}));
  }
  void EndAll(std::vector<std::unique_ptr<RawClient>>& clients) {
    for (auto& client : clients)
      if (client->alive()) kernel_.EndSession(*client->session());
    while (!host_.children.empty()) EndOldestChild();
    Settle();
  }

  std::string NeverSucceeded() const {
    std::string calls;
    for (const auto& [call, kind] : Kinds())
      if (succeeded_[static_cast<uint32_t>(call)] == 0)
        calls += std::to_string(static_cast<uint32_t>(call)) + " ";
    return calls;
  }

  uint64_t state_ = 1;
  uint64_t flight_ring_ = 0;  // granted last
  std::array<uint64_t, abi::kSyscalls + 1> succeeded_ = {};
};

TEST_F(RandomTest, RequestsHarmNobodyAndLeaveNothing) {
  for (uint64_t seed = 1;
       seed <= kSeeds || (seed <= kSeedsMax && !NeverSucceeded().empty());
       ++seed) {
    state_ = seed;
    const Handle port = CreatePort(*root_, abi::kPortShareable, 4096, 65'536);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i)
      clients.push_back(AddChild(*root_, {{"port", port},
                                          {"account", root_->Named("account")},
                                          {"kernel", root_->Named("kernel")}}));
    GiveProcesses(clients);
    Play(clients);
    EndAll(clients);
    root_->Call(Syscall::handle_close, port);
    Settle();
    EXPECT_EQ(root_->Call(Syscall::session_info, 0).error(), Error::ok);
    EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty()) << seed;
    EXPECT_TRUE(kernel_.objects(ObjectKind::region).empty()) << seed;
    EXPECT_TRUE(kernel_.objects(ObjectKind::port).empty()) << seed;
    EXPECT_EQ(kernel_.objects(ObjectKind::account).size(), 2u);
  }
  // Or it would not have tested anything.
  EXPECT_EQ(NeverSucceeded(), "");
}

}  // namespace
}  // namespace kernel
