// sleeper PORT [NUMBER]: one thread receives calls, another answers them.
//
// The planted fault: the worker looks if there is work, and only then goes to
// sleep, with the lock free in between. What is put down and signalled in that
// gap wakes nobody. It happens once in a great while; so that nobody needs to
// wait for it, the worker stays in the gap for call NUMBER.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "examples/troubles/desk.h"

namespace troubles {
namespace {

class Work {
 public:
  explicit Work(uint64_t unlucky) : unlucky_(unlucky) {}

  void Put(ipc::Message call) {
    std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    changed_.notify_one();
  }
  // An empty one: there is no more.
  ipc::Message Take() {
    std::unique_lock lock(mutex_);
    if (++looks_ == unlucky_) {
      StayInTheGap(lock);
      changed_.wait(lock);  // here it is
    }
    changed_.wait(lock, [this] { return !calls_.empty() || ended_; });
    if (calls_.empty()) return {};
    ipc::Message call = std::move(calls_.front());
    calls_.pop_front();
    return call;
  }
  void End() {
    std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_one();
  }

 private:
  void StayInTheGap(std::unique_lock<std::mutex>& lock) {
    while (calls_.empty() && !ended_) {
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
  }

  const uint64_t unlucky_;  // of the calls
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ipc::Message> calls_;
  uint64_t looks_ = 0;
  bool ended_ = false;
};

void Answer(Work& work) {
  for (;;) {
    ipc::Message call = work.Take();
    if (!call.wants_reply()) return;
    (void)call.Reply("done");  // the caller may be gone
  }
}

absl::Status Run(example::Service& service, const char* port,
                 uint64_t unlucky) {
  auto calls = service.TakeReceiver(port);
  if (!calls.ok()) return calls.status();
  Work work(unlucky);
  std::thread worker(Answer, std::ref(work));
  absl::Status status;
  while (status.ok()) {
    auto call = calls->Receive();
    status = call.status();
    if (call.ok()) work.Put(*std::move(call));
  }
  work.End();
  worker.join();
  return status;
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const uint64_t unlucky = troubles::CountOf(argc, argv, 2, 100);
  return example::RunService("sleeper", [&](example::Service& service) {
    return troubles::Run(service, argv[1], unlucky);
  });
}
