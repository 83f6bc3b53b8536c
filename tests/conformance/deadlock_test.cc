// Calls that wait for one another.
#include <atomic>
#include <thread>

#include "ipc/inspect.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;

// ---- deadlock_check

using DeadlockCheck = Syscalls;

TEST_F(DeadlockCheck, ChecksHandleAndFields) {
  ExpectDoor(Syscall::deadlock_check, {.args = 1});
}

TEST_F(DeadlockCheck, RefusesASlotThatSaysSomethingElse) {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  auto lane = Connect(root(), port);
  auto end = Join(root(), *inbox);
  for (const uint64_t slot : {uint64_t{0}, uint64_t{31}, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::deadlock_check, lane->handle, {.args = {slot}}),
              Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::deadlock_check, end->handle), Error::bad_state);
}

// ---- through the API: processes a and b that call each other

class Deadlocked : public ::testing::Test {
 protected:
  // A service of one thread that answers each call by calling on, with the
  // same payload less its first byte: "ab" goes to a, then to b.
  using Handler = std::function<void(Message&, Sender& to_a, Sender& to_b)>;
  std::unique_ptr<testing_kit::Peer> Serve(std::string name, Handler handler) {
    Capability& own = name == "a" ? a_ : b_;
    rights_.push_back(Must(own.Duplicate(kRightReceive | kRightDuplicate)));
    Capability& receive = rights_.back();
    const InitialCapability initial[] = {
        {"own", &receive}, {"a", &send_a_}, {"b", &send_b_}};
    return world_->StartPeer(name, initial, [handler](Session& session) {
      Receiver receiver = Must(Receiver::Create(Must(session.Take("own"))));
      Sender to_a = Must(Sender::Create(Must(session.Take("a"))));
      Sender to_b = Must(Sender::Create(Must(session.Take("b"))));
      while (true) {
        auto call = receiver.Receive(testing_kit::Soon());
        if (!call.ok() || call->text() == "end") return;
        handler(*call, to_a, to_b);
      }
    });
  }
  // Calls on, and answers with what came of it.
  static void CallOn(Message& call, Sender& to_a, Sender& to_b) {
    std::string_view rest = call.text();
    if (rest.empty()) {
      Must(call.Reply("done"));
      return;
    }
    Sender& next = rest[0] == 'a' ? to_a : to_b;
    auto answer = next.Call(rest.substr(1), {.deadline = testing_kit::Soon(),
                                             .deadlocks = Deadlocks::kDetect});
    Must(call.Reply(answer.ok() ? std::string(answer->text())
                                : std::string(answer.status().message())));
  }
  // Returns once so many threads sleep in receiving from the port.
  std::vector<ThreadEntry> AwaitReceiving(const Capability& port,
                                          size_t count) {
    const Inspector inspector =
        Must(Inspector::Create(Must(world_->root().Take("kernel"))));
    const uint64_t id = Must(port.Info()).object_id;
    const int64_t deadline = testing_kit::Soon().ns;
    std::vector<ThreadEntry> found;
    while (found.size() < count && base::NowNs() < deadline) {
      found.clear();
      for (const ThreadEntry& thread : Must(inspector.Threads()))
        if (thread.port == id &&
            thread.state == static_cast<uint32_t>(ThreadState::receiving))
          found.push_back(thread);
    }
    EXPECT_EQ(found.size(), count);
    return found;
  }
  void End() {
    for (Sender* sender : {&to_a_, &to_b_}) Must(sender->Send("end"));
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Capability a_ = world_->NewPort({.name = "port-a"});
  Capability b_ = world_->NewPort({.name = "port-b"});
  Capability send_a_ = Must(a_.Mint(kRightSend | kRightDuplicate, 1));
  Capability send_b_ = Must(b_.Mint(kRightSend | kRightDuplicate, 1));
  Sender to_a_ = Must(Sender::Create(Must(a_.Mint(kRightSend, 2))));
  Sender to_b_ = Must(Sender::Create(Must(b_.Mint(kRightSend, 2))));
  std::vector<Capability> rights_;
};

TEST_F(Deadlocked, TheCallThatClosesACycleIsToldThePath) {
  rights_.reserve(2);
  auto a = Serve("a", CallOn);
  auto b = Serve("b", CallOn);
  // Each has served before: who never did may still come.
  EXPECT_EQ(Must(to_a_.Call("b")).text(), "done");
  EXPECT_EQ(Must(to_b_.Call("a")).text(), "done");
  // a calls b, b calls a, which has one thread.
  const std::string told(Must(to_a_.Call("ba")).text());
  EXPECT_NE(told.find("deadlock"), std::string::npos) << told;
  for (const char* part : {"b (process", "port-a", "a (process", "port-b"})
    EXPECT_NE(told.find(part), std::string::npos) << told;
  // Nothing is stuck afterwards, once b has had the answer to its own call, if
  // it was a that was told.
  EXPECT_EQ(Must(to_b_.Call("")).text(), "done");
  EXPECT_EQ(Must(to_a_.Call("b")).text(), "done");
  End();
}

TEST_F(Deadlocked, AThreadThatIsFreeIsNoDeadlock) {
  rights_.reserve(2);
  // a has two threads: the second takes the call that comes back.
  rights_.push_back(Must(a_.Duplicate(kRightReceive | kRightDuplicate)));
  const InitialCapability initial[] = {
      {"own", &rights_.back()}, {"a", &send_a_}, {"b", &send_b_}};
  auto a = world_->StartPeer("a", initial, [](Session& session) {
    Receiver receiver = Must(Receiver::Create(Must(session.Take("own"))));
    Sender to_a = Must(Sender::Create(Must(session.Take("a"))));
    Sender to_b = Must(Sender::Create(Must(session.Take("b"))));
    std::atomic<bool> over{false};
    const auto serve = [&] {
      while (!over) {
        auto call = receiver.Receive(testing_kit::Soon());
        if (!call.ok() || call->text() == "end") break;
        CallOn(*call, to_a, to_b);
      }
      over = true;
      receiver.Close();
    };
    std::thread second(serve);
    serve();
    second.join();
  });
  auto b = Serve("b", CallOn);
  // One that was not started yet is not known.
  AwaitReceiving(a_, 2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Must(to_a_.Call("ba")).text(), "done");
  End();
}

TEST_F(Deadlocked, ThreadsTellWhatTheySleepOnAndSinceWhen) {
  rights_.reserve(2);
  auto b = Serve(
      "b", [](Message& call, Sender&, Sender&) { Must(call.Reply("done")); });
  EXPECT_EQ(Must(to_b_.Call("")).text(), "done");
  for (const ThreadEntry& thread : AwaitReceiving(b_, 1)) {
    EXPECT_GT(thread.since_ns, 0u);
    EXPECT_LE(static_cast<int64_t>(thread.since_ns), base::NowNs());
    EXPECT_NE(thread.thread_id, 0u);
  }
  Must(to_b_.Send("end"));
}

}  // namespace
}  // namespace ipc
