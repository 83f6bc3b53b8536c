// Flow: the chain of messages that something is done for.
//
// Every message belongs to a flow. A thread that receives one acts in its flow
// until it receives another, or until the message is destroyed on this thread:
// what it sends belongs to the same flow, and a trace shows it below that
// message (`keyport flow`). Who acts in no flow begins one with each message
// that he sends.
//
// Work that goes on elsewhere takes its flow along:
//
//   // the thread that receives
//   Message message = *receiver.Receive();
//   queue.Push(InFlow(Flow::Leave(), [m = std::move(message)]() mutable {
//     ...  // on a worker: what it sends is in m's flow
//   }));
//
// In coroutines: ipc/flow_coroutine.h.
#pragma once

#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace ipc {

class Message;
class Session;
struct ThreadFlow;  // libipc's own

// A value: the flow, and the message in it that things are done for. It refers
// to nothing, and may outlive the message. Thread: any.
class Flow {
 public:
  // None: what is sent begins a flow of its own.
  constexpr Flow() = default;
  // What this thread acts in now.
  static Flow Current();
  // Of a received message, or an answer. None for an empty one.
  static Flow Of(const Message& message);
  // By its number: Message::flow(), MessageInPlace::flow, Replier::Call::flow.
  // Which message it is done for is not known then; 0 is none.
  static constexpr Flow WithId(uint64_t id) { return {id, 0}; }
  // One that no message has yet, for several sends that belong together.
  static Flow Begin(const Session& session);
  // This thread acts in no flow from here on, until it receives or enters one;
  // within a FlowScope at most until its end. Returns what it acted in. For who
  // hands a message to another thread and goes on with something else.
  static Flow Leave();

  uint64_t id() const { return id_; }
  explicit operator bool() const { return id_ != 0; }

 private:
  friend struct ThreadFlow;
  constexpr Flow(uint64_t id, uint64_t received_at)
      : id_(id), received_at_(received_at) {}

  uint64_t id_ = 0;
  // When the message was received, as its trace says it; 0: it was not traced.
  uint64_t received_at_ = 0;
};

// This thread acts in a flow as long as the scope lives; then it acts in what
// it acted in before, whatever it received meanwhile. Scopes nest. Not for a
// coroutine that is suspended meanwhile: one that ends on another thread leaves
// that thread as it is.
class [[nodiscard]] FlowScope {
 public:
  explicit FlowScope(const Flow& flow);
  ~FlowScope();
  FlowScope(const FlowScope&) = delete;
  FlowScope& operator=(const FlowScope&) = delete;

 private:
  const void* const thread_;
  const Flow before_;
  const void* const message_;
};

// A callable that does what `f` does, in that flow, whichever thread calls it.
// Owns: a copy of `f`, or what it was moved to. Can be copied if `f` can.
template <typename F>
auto InFlow(const Flow& flow, F&& f) {
  return [flow, own = std::decay_t<F>(std::forward<F>(f))](
             auto&&... args) mutable -> decltype(auto) {
    FlowScope scope(flow);
    return std::invoke(own, std::forward<decltype(args)>(args)...);
  };
}

}  // namespace ipc
