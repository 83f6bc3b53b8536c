#include "kernel/loop/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>

#include "libipc/base/clock.h"
#include "libipc/base/processor.h"
#include "libipc/base/socket.h"
#include "libipc/base/spinner.h"

namespace kernel {
namespace {

// Linux takes a killed process's ring, and with it the listening socket, down
// a little later than the process: who listens must be alive as well.
bool IsStaleSocket(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode))
    return false;
  const auto socket = base::ConnectTo(path);
  if (!socket.ok()) return socket.error() == Error::not_found;
  const pid_t listener = PeerOf(socket->get()).pid;
  return listener > 0 && kill(listener, 0) != 0 && errno == ESRCH;
}

}  // namespace

std::unique_ptr<Loop> Loop::Create(LoopOptions options, std::string* why) {
  std::unique_ptr<Loop> loop(new Loop);
  loop->ring_ = Ring::Create(why);
  if (loop->ring_ == nullptr) return nullptr;
  loop->stop_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  loop->alarm_.Reset(
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!loop->stop_.valid() || !loop->alarm_.valid()) {
    *why = "no file descriptors are left. Raise `ulimit -n`";
    return nullptr;
  }
  if (!options.listen_path.empty() && !loop->Listen(options.listen_path, why))
    return nullptr;
  // Before anybody can send a Hello: it must carry its sender's pid.
  for (const UniqueFd& socket : options.root_sockets) {
    if (AskForCredentials(socket.get())) continue;
    *why = "descriptor " + std::to_string(socket.get()) +
           " is no socket for a session";
    return nullptr;
  }
  loop->options_ = std::move(options);
  loop->kernel_ = std::make_unique<Kernel>(loop.get());
  return loop;
}

Loop::~Loop() {
  if (listener_.valid()) unlink(options_.listen_path.c_str());
}

bool Loop::Listen(const std::string& path, std::string* why) {
  auto listener = base::ListenOn(path);
  // A socket that nobody listens on was left by one that was killed.
  if (listener.error() == Error::already_exists) {
    if (IsStaleSocket(path)) {
      unlink(path.c_str());
      listener = base::ListenOn(path);
    }
  }
  if (!listener.ok()) {
    *why = "cannot listen on " + path + ": " +
           (listener.error() == Error::already_exists
                ? "another process listens there, or a file is in the way"
                : base::ErrorText(listener.error()));
    return false;
  }
  listener_ = *std::move(listener);
  options_.listen_path = path;
  return AskForCredentials(listener_.get());
}

void Loop::AddRoots() {
  for (UniqueFd& socket : options_.root_sockets) {
    Session* session = kernel_->AddSession(Session::Origin::kRoot);
    session->transport = Adopt(*session, std::move(socket));
  }
  options_.root_sockets.clear();
}

void Loop::Run() {
  if (!ring_->Enable(options_.means)) return;
  if (options_.polling == LoopOptions::Polling::kWherePays &&
      base::OnlineProcessors() > 1)
    kernel_->EnableLingering();
  ring_->PollReadable(stop_.get(), Tag(Source::kStop));
  ring_->PollReadable(alarm_.get(), Tag(Source::kAlarm));
  if (options_.stop_signal.valid())
    ring_->PollReadable(options_.stop_signal.get(), Tag(Source::kSignal));
  if (listener_.valid()) ring_->Accept(listener_.get(), Tag(Source::kListen));
  AddRoots();
  std::array<Ring::Event, 256> events;
  while (!stopping_ && !Finished()) {
    PollLingering();
    ReceiveAgain();
    const bool rests = !IsBusy() && !kernel_->HasLingering();
    const size_t count =
        ring_->Take(events.data(), events.size(),
                    rests ? Ring::Wait::kForOne : Ring::Wait::kNo);
    if (ring_->AllSubmitted()) closed_.clear();
    for (size_t i = 0; i < count; ++i) Handle(events[i]);
    ReadSockets();
    kernel_->Turn();
    if (kernel_->WaitsForRoom()) StartTimer();
  }
  // Hangs up on everybody, on this thread: the ring allows no other.
  kernel_.reset();
  ring_.reset();
}

void Loop::Stop() {
  const uint64_t one = 1;
  (void)!write(stop_.get(), &one, sizeof(one));
}

bool Loop::IsBusy() const {
  return kernel_->HasWork() || !readable_.empty() || !closed_.empty();
}

bool Loop::Finished() const {
  return kernel_->had_root() && kernel_->live_roots() == 0;
}

void Loop::Handle(const Ring::Event& event) {
  const uint64_t number = event.tag >> kSourceBits;
  switch (static_cast<Source>(event.tag & ((1 << kSourceBits) - 1))) {
    case Source::kNone:
      return;
    case Source::kListen:
      return Accepted(event);
    case Source::kStop:
    case Source::kSignal:
      stopping_ = true;
      return;
    case Source::kTimer:
      return RearmAfterTimer();
    case Source::kAlarm: {
      // The kernel looks at its timers in each turn.
      uint64_t expirations;
      (void)!read(alarm_.get(), &expirations, sizeof(expirations));
      if (!event.more) ring_->PollReadable(alarm_.get(), Tag(Source::kAlarm));
      return;
    }
    case Source::kSocket:
      if (Connection* connection = Find(number);
          connection != nullptr && !event.more && !ring_->receives())
        ring_->PollReadable(connection->socket(), event.tag);
      return SocketReadable(number);
    case Source::kMessage:
      return MessageCame(number, event);
    case Source::kWord:
      return WordCame(number, event.result);
    case Source::kWritable:
      return SocketWritable(number);
    case Source::kProcess:
      return ProcessEnded(number);
  }
}

void Loop::Accepted(const Ring::Event& event) {
  if (event.result >= 0) Join(UniqueFd(event.result));
  if (event.more) return;
  if (event.result == -EINVAL) ring_->NoMultishotAccept();
  const bool none_left = event.result == -EMFILE || event.result == -ENFILE ||
                         event.result == -ENOMEM;
  if (none_left) {
    accept_waits_ = true;
    StartTimer();
  } else if (event.result != -ECANCELED) {
    ring_->Accept(listener_.get(), Tag(Source::kListen));
  }
}

void Loop::Join(UniqueFd socket) {
  Session* session = kernel_->AddSession(Session::Origin::kPath);
  if (session == nullptr) return;  // full: closed
  session->transport = Adopt(*session, std::move(socket));
}

std::unique_ptr<Transport> Loop::Adopt(Session& session, UniqueFd socket) {
  AskForCredentials(socket.get());
  const uint64_t number = next_number_++;
  auto connection = std::make_unique<Connection>(this, number, session.id(),
                                                 std::move(socket));
  connections_[number] = connection.get();
  WatchForHello(*connection);
  return connection;
}

// Until there is something to do, or nobody lingers. No system call.
void Loop::PollLingering() {
  while (kernel_->HasLingering() && !IsBusy() && unreceived_.empty() &&
         ring_->AllSubmitted() && !ring_->HasNews()) {
    base::CpuRelax();
    kernel_->Poll();
  }
}

uint32_t Loop::Processor() { return base::ThisProcessor(); }

int64_t Loop::NowNs() { return base::NowNs(); }

void Loop::SetAlarm(int64_t ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  itimerspec at = {};  // zero: none
  if (ns != Timers::kNever)
    at.it_value = {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond};
  timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void Loop::Closed(Connection& connection, UniqueFd socket) {
  closed_.push_back(std::move(socket));
  connections_.erase(connection.number());
  starved_.erase(connection.number());
}

Connection* Loop::Find(uint64_t number) {
  const auto found = connections_.find(number);
  return found == connections_.end() ? nullptr : found->second;
}

Session* Loop::SessionOf(const Connection& connection) {
  return kernel_->FindSession(connection.session());
}

}  // namespace kernel
