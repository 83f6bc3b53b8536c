// Flows in coroutines: one that is resumed, by whatever thread, goes on in its
// own flow; who resumed it acts in the flow that he acted in before as soon as
// it is suspended again, or has ended.
//
// A promise type that inherits FlowPromise has that for all its coroutines, in
// the flow that they are called in:
//
//   struct promise_type : ipc::FlowPromise {
//     auto initial_suspend() { return Keeping(std::suspend_always()); }
//     auto final_suspend() noexcept { return Keeping(Continue()); }
//     ...
//   };
//
// Where the promise type is somebody else's, a local variable does it, with
// each awaitable put through it:
//
//   Task Handle(ipc::Message message) {
//     ipc::CoroutineFlow in(ipc::Flow::Of(message));
//     co_await in(timer.Sleep(delay));
//     sender.Send("done");  // in the message's flow
//   }
#pragma once

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "ipc/flow.h"

namespace ipc {

class CoroutineFlow;

// An awaiter that suspends the coroutine as `Awaiter` does, and takes its flow
// from the thread meanwhile.
template <typename Awaiter>
class FlowAwaiter {
 public:
  template <typename Make>
  FlowAwaiter(CoroutineFlow* flow, Make make) : flow_(flow), awaiter_(make()) {}

  bool await_ready() noexcept(kReadyNoexcept);
  // Not in line: compilers are known to keep the locals of an awaiter's inlined
  // await_suspend in the coroutine, which may be gone before it returns.
  template <typename Promise>
  [[gnu::noinline]] auto await_suspend(
      std::coroutine_handle<Promise> who) noexcept(kSuspendNoexcept<Promise>);
  decltype(auto) await_resume() noexcept(kResumeNoexcept);

 private:
  // final_suspend's must not throw, nor may what it is wrapped in.
  static constexpr bool kReadyNoexcept =
      noexcept(std::declval<Awaiter&>().await_ready());
  template <typename Promise>
  static constexpr bool kSuspendNoexcept =
      noexcept(std::declval<Awaiter&>().await_suspend(
          std::declval<std::coroutine_handle<Promise>&>()));
  static constexpr bool kResumeNoexcept =
      noexcept(std::declval<Awaiter&>().await_resume());

  CoroutineFlow* const flow_;
  Awaiter awaiter_;
};

// What a coroutine acts in. A local variable of one, or a part of its promise.
// Thread: whichever runs the coroutine.
class CoroutineFlow {
 public:
  enum class Begins { kNow, kWithFirstResumption };
  explicit CoroutineFlow(const Flow& flow = Flow::Current(),
                         Begins begins = Begins::kNow)
      : flow_(flow) {
    if (begins == Begins::kNow) Enter();
  }
  // Of a coroutine that runs: its thread acts in what it acted in before.
  ~CoroutineFlow() = default;
  CoroutineFlow(const CoroutineFlow&) = delete;
  CoroutineFlow& operator=(const CoroutineFlow&) = delete;

  const Flow& flow() const { return flow_; }

  // To be awaited in place of `awaitable`, at once: co_await flow(awaitable).
  template <typename Awaitable>
  auto operator()(Awaitable&& awaitable) {
    using Awaiter = decltype(AwaiterOf(std::forward<Awaitable>(awaitable)));
    return FlowAwaiter<Awaiter>(this, [&]() -> decltype(auto) {
      return AwaiterOf(std::forward<Awaitable>(awaitable));
    });
  }
  // The same, of an awaiter that it keeps.
  template <typename Awaiter>
  auto Keeping(Awaiter awaiter) noexcept {
    return FlowAwaiter<Awaiter>(this, [&] { return std::move(awaiter); });
  }

 private:
  template <typename Awaiter>
  friend class FlowAwaiter;

  // As co_await finds it; an awaitable that is its own awaiter stays where it
  // is, which is in the coroutine.
  template <typename Awaitable>
  static decltype(auto) AwaiterOf(Awaitable&& awaitable) {
    if constexpr (requires {
                    std::forward<Awaitable>(awaitable).operator co_await();
                  })
      return std::forward<Awaitable>(awaitable).operator co_await();
    else if constexpr (requires {
                         operator co_await(std::forward<Awaitable>(awaitable));
                       })
      return operator co_await(std::forward<Awaitable>(awaitable));
    else
      return static_cast<Awaitable&&>(awaitable);
  }

  void Enter() { scope_.emplace(flow_); }
  void Leave() { scope_.reset(); }

  const Flow flow_;
  std::optional<FlowScope> scope_;  // while it runs
};

// To be inherited by a promise type: its coroutines act in the flow in which
// they are called. A promise type with an await_transform of its own has a
// CoroutineFlow instead.
class FlowPromise {
 public:
  template <typename Awaitable>
  auto await_transform(Awaitable&& awaitable) {
    return flow_(std::forward<Awaitable>(awaitable));
  }

 protected:
  // What initial_suspend and final_suspend return in place of `awaiter`.
  template <typename Awaiter>
  auto Keeping(Awaiter awaiter) noexcept {
    return flow_.Keeping(std::move(awaiter));
  }

 private:
  CoroutineFlow flow_{Flow::Current(),
                      CoroutineFlow::Begins::kWithFirstResumption};
};

template <typename Awaiter>
bool FlowAwaiter<Awaiter>::await_ready() noexcept(kReadyNoexcept) {
  return static_cast<bool>(awaiter_.await_ready());
}

template <typename Awaiter>
template <typename Promise>
auto FlowAwaiter<Awaiter>::await_suspend(
    std::coroutine_handle<Promise> who) noexcept(kSuspendNoexcept<Promise>) {
  // Where that fails the coroutine goes on, here.
  struct Back {
    CoroutineFlow* flow;
    ~Back() {
      if (flow != nullptr) flow->Enter();
    }
  };
  flow_->Leave();
  Back back{flow_};
  // Once it is suspended it may run elsewhere, and be gone.
  if constexpr (std::is_void_v<decltype(awaiter_.await_suspend(who))>) {
    awaiter_.await_suspend(who);
    back.flow = nullptr;
  } else {
    auto next = awaiter_.await_suspend(who);
    back.flow = nullptr;
    return next;
  }
}

template <typename Awaiter>
decltype(auto) FlowAwaiter<Awaiter>::await_resume() noexcept(kResumeNoexcept) {
  flow_->Enter();
  return awaiter_.await_resume();
}

}  // namespace ipc
