// Coroutines keep their flow wherever they are resumed, and give nobody theirs.
#include "ipc/flow_coroutine.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

uint64_t Now() { return Flow::Current().id(); }

// Waits until somebody resumes who waits.
class Gate {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) noexcept { waits_ = who; }
  int await_resume() const noexcept { return 7; }
  void Open() { std::exchange(waits_, nullptr).resume(); }
  void OpenElsewhere(const Flow& their) {
    std::thread([&] {
      FlowScope scope(their);
      Open();
      EXPECT_EQ(Now(), their.id());
    }).join();
  }
  void Destroy() { std::exchange(waits_, nullptr).destroy(); }

 private:
  std::coroutine_handle<> waits_;
};

// A task that starts when it is awaited, and goes on with who awaits it.
class Task {
 public:
  struct promise_type : FlowPromise {
    struct GoOn {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(
          std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().then;
      }
      void await_resume() const noexcept {}
    };
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    auto initial_suspend() { return Keeping(std::suspend_always()); }
    auto final_suspend() noexcept { return Keeping(GoOn()); }
    void return_void() {}
    void unhandled_exception() { FAIL(); }
    std::coroutine_handle<> then = std::noop_coroutine();
  };
  explicit Task(std::coroutine_handle<promise_type> own) : own_(own) {}
  Task(Task&& from) noexcept : own_(std::exchange(from.own_, nullptr)) {}
  ~Task() {
    if (own_ != nullptr) own_.destroy();
  }
  void Start() { own_.resume(); }
  bool done() const { return own_.done(); }

  struct Awaiter {
    std::coroutine_handle<promise_type> own;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> who) {
      own.promise().then = who;
      return own;
    }
    void await_resume() const noexcept {}
  };
  Awaiter operator co_await() { return {own_}; }

 private:
  std::coroutine_handle<promise_type> own_;
};

// Somebody else's: knows nothing of flows, starts at once, frees itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { FAIL(); }
  };
};

class CoroutineFlows : public ::testing::Test {
 public:
  Flow Begin() { return Flow::Begin(world_->root()); }
  std::unique_ptr<World> world_ = World::Start();
  std::vector<uint64_t> acted_in_;
  Gate gate_;
  Gate other_gate_;

  void Note() { acted_in_.push_back(Now()); }
  Task TwoSteps() {
    Note();
    EXPECT_EQ(co_await gate_, 7);
    Note();
    co_await other_gate_;
    Note();
  }
  Detached TwoStepsIn(Flow flow) {
    CoroutineFlow in(flow);
    Note();
    EXPECT_EQ(co_await in(gate_), 7);
    Note();
    co_await in(other_gate_);
    Note();
  }
};

TEST_F(CoroutineFlows, ATaskGoesOnInItsFlowWhereverItIsResumed) {
  const Flow flow = Begin();
  std::optional<Task> task;
  {
    FlowScope scope(flow);
    task.emplace(TwoSteps());
  }
  // Not started yet.
  EXPECT_TRUE(acted_in_.empty());
  const Flow starts = Begin();
  FlowScope scope(starts);
  task->Start();
  EXPECT_EQ(Now(), starts.id());
  gate_.OpenElsewhere(Begin());
  other_gate_.OpenElsewhere(Flow());
  EXPECT_TRUE(task->done());
  EXPECT_EQ(acted_in_, std::vector<uint64_t>(3, flow.id()));
  EXPECT_EQ(Now(), starts.id());
}

TEST_F(CoroutineFlows, ALocalVariableDoesItForAnybodysCoroutine) {
  const Flow flow = Begin();
  TwoStepsIn(flow);
  EXPECT_EQ(Now(), 0u);
  gate_.OpenElsewhere(Begin());
  other_gate_.OpenElsewhere(Begin());
  EXPECT_EQ(acted_in_, std::vector<uint64_t>(3, flow.id()));
}

TEST_F(CoroutineFlows, OneThatIsDestroyedWhileItWaitsChangesNothing) {
  TwoStepsIn(Begin());
  const Flow flow = Begin();
  FlowScope scope(flow);
  std::thread([&] { gate_.Destroy(); }).join();
  TwoStepsIn(Begin());
  gate_.Destroy();
  EXPECT_EQ(Now(), flow.id());
  EXPECT_EQ(acted_in_.size(), 2u);
}

TEST_F(CoroutineFlows, ATaskWithinATaskIsInItsFlow) {
  const Flow flow = Begin();
  const auto outer = [](CoroutineFlows* test) -> Task {
    test->Note();
    co_await test->TwoSteps();
    test->Note();
  };
  std::optional<Task> task;
  {
    FlowScope scope(flow);
    task.emplace(outer(this));
    task->Start();
    EXPECT_EQ(Now(), flow.id());
  }
  const Flow resumes = Begin();
  gate_.OpenElsewhere(resumes);
  // Its end resumes the outer one, on the same thread.
  other_gate_.OpenElsewhere(resumes);
  EXPECT_TRUE(task->done());
  EXPECT_EQ(acted_in_, std::vector<uint64_t>(5, flow.id()));
}

TEST_F(CoroutineFlows, ManyTakeTurnsOnOneThread) {
  constexpr size_t kTasks = 10;
  std::vector<Flow> flows;
  std::vector<Gate> gates(kTasks);
  std::vector<std::vector<uint64_t>> seen(kTasks);
  const auto body = [](Gate* gate, std::vector<uint64_t>* all) -> Task {
    for (int i = 0; i < 3; ++i) {
      all->push_back(Now());
      co_await *gate;
    }
  };
  std::vector<Task> tasks;
  for (size_t i = 0; i < kTasks; ++i) {
    FlowScope scope(flows.emplace_back(Begin()));
    tasks.push_back(body(&gates[i], &seen[i]));
  }
  for (Task& task : tasks) task.Start();
  for (int round = 0; round < 3; ++round)
    for (Gate& gate : gates) {
      gate.Open();
      EXPECT_EQ(Now(), 0u);
    }
  for (size_t i = 0; i < kTasks; ++i) {
    EXPECT_TRUE(tasks[i].done());
    EXPECT_EQ(seen[i], std::vector<uint64_t>(3, flows[i].id()));
  }
}

// An awaiter that is ready, one that says no when asked to suspend, and one
// that fails: the coroutine goes on at once, in its flow.
struct Ready {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept { FAIL(); }
  void await_resume() const noexcept {}
};
struct Unwilling {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const noexcept {
    EXPECT_EQ(Now(), 0u);
    return false;
  }
  void await_resume() const noexcept {}
};
struct Failing {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const { throw 5; }
  void await_resume() const noexcept {}
};

TEST_F(CoroutineFlows, WhatDoesNotSuspendChangesNothing) {
  const Flow flow = Begin();
  const auto body = [](CoroutineFlows* test, Flow in_flow) -> Detached {
    CoroutineFlow in(in_flow);
    co_await in(Ready());
    test->Note();
    co_await in(Unwilling());
    test->Note();
    try {
      co_await in(Failing());
    } catch (int) {
      test->Note();
    }
  };
  body(this, flow);
  EXPECT_EQ(acted_in_, std::vector<uint64_t>(3, flow.id()));
  EXPECT_EQ(Now(), 0u);
}

TEST_F(CoroutineFlows, AMessagesHandlerSendsInItsFlowFromAnyThread) {
  Capability in = world_->NewPort(), out = world_->NewPort();
  Sender asks = Must(Sender::Create(Must(in.Duplicate(kRightSend))));
  Receiver asked = Must(Receiver::Create(std::move(in)));
  Sender tells = Must(Sender::Create(Must(out.Duplicate(kRightSend))));
  Receiver told = Must(Receiver::Create(std::move(out)));
  const auto handle = [](Message message, Gate* gate, Sender* to) -> Task {
    co_await *gate;
    EXPECT_EQ(message.text(), "do it");
    Must(to->Send("done"));
  };
  Must(asks.Send("do it"));
  Message message = Must(asked.Receive(Soon()));
  const uint64_t flow = message.flow();
  Task task = handle(std::move(message), &gate_, &tells);
  Flow::Leave();
  task.Start();
  gate_.OpenElsewhere(Begin());
  EXPECT_EQ(Must(told.Receive(Soon())).flow(), flow);
}

}  // namespace
}  // namespace ipc
