#include "kernel/object/kernel.h"

namespace kernel {

Error ErrorOf(Ending ending) {
  return ending == Ending::kRevoked ? Error::revoked : Error::canceled;
}

HandleFate FateOf(Ending ending) {
  switch (ending) {
    case Ending::kMoved:
      return HandleFate::moved;
    case Ending::kRevoked:
      return HandleFate::revoked;
    case Ending::kClosed:
    case Ending::kDeath:
      break;
  }
  return HandleFate::closed;
}

Kernel::Kernel(Host* host) : host_(host), lanes_(this), trace_(this) {
  kernel_object_ = &Add<KernelObject>();
  root_account_ =
      &Add<Account>(nullptr, std::string("root"), abi::AccountLimits{});
  tools_account_ =
      &Add<Account>(root_account_, std::string("tools"), abi::AccountLimits{});
  // The kernel's own three are never destroyed.
  Use(*kernel_object_);
  Use(*root_account_);
  Use(*root_account_);
  Use(*tools_account_);
}

Kernel::~Kernel() {
  revokes_.clear();
  // Transports first: they may refer to the host's connections.
  for (auto& [id, session] : sessions_) session->transport.reset();
}

Session* Kernel::FindSession(uint64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Session* Kernel::NewSession(Session::Origin origin, Account& account) {
  Process& process = Add<Process>();
  auto session =
      std::make_unique<Session>(this, &tree_, &process, &account, origin);
  Session* added = session.get();
  process.session = added;
  Use(process);
  Use(account);
  sessions_.emplace(process.id, std::move(session));
  return added;
}

Session* Kernel::AddSession(Session::Origin origin) {
  if (SessionsFull()) return nullptr;
  const bool is_root = origin == Session::Origin::kRoot;
  Session* session =
      NewSession(origin, is_root ? *root_account_ : *tools_account_);
  if (is_root) {
    had_root_ = true;
    ++live_roots_;
  }
  GiveNames(*session);
  return session;
}

void Kernel::GiveNames(Session& session) {
  const bool is_root = session.origin == Session::Origin::kRoot;
  const Rights rights =
      is_root ? abi::kRightsAll
              : abi::kRightInspect | abi::kRightTraceMeta | abi::kRightWait;
  Capability* kernel =
      NewCapability({.object = kernel_object_, .rights = rights});
  session.names.push_back({"kernel", Place(session, *kernel)});
  if (!is_root) return;
  Capability* account =
      NewCapability({.object = root_account_, .rights = abi::kRightsAll});
  session.names.push_back({"account", Place(session, *account)});
}

void Kernel::Receive(Session& session, std::span<const uint8_t> message,
                     Credentials from) {
  if (session.alive() && !session.Receive(message, from)) EndSession(session);
}

void Kernel::Writable(Session& session) {
  MarkReady(session);
  MarkDirty(session);
}

void Kernel::SessionBegan(Session& session) {
  trace_.Fact(abi::TraceKind::process_started, session.id(), 0);
}

void Kernel::MarkReady(Session& session) {
  if (session.in_ready || !session.served()) return;
  session.in_ready = true;
  session.Awake();
  ready_.push_back(&session);
}

void Kernel::MarkDirty(Session& session) {
  if (session.in_dirty || !session.alive()) return;
  session.in_dirty = true;
  dirty_.push_back(&session);
}

void Kernel::Unuse(Object& object) {
  --object.users;
  if (object.needed() || object.reaping) return;
  object.reaping = true;
  reap_.push_back(&object);
}

void Kernel::Charge(Account& account, const Charges& charges) {
  account.Charge(charges);
  Use(account);
}

void Kernel::Refund(Account& account, const Charges& charges) {
  account.Release(charges);
  Unuse(account);
}

abi::Signals Kernel::SignalsOfKind(ObjectKind kind) {
  if (kind == ObjectKind::port)
    return abi::kSignalPeerClosed | abi::kSignalNoSenders;
  return kind == ObjectKind::process ? abi::kSignalDead : 0u;
}

abi::Signals Kernel::SignalsOf(const Object& object) {
  if (object.kind == ObjectKind::process) {
    const auto& process = static_cast<const Process&>(object);
    return process.state == abi::ProcessState::dead ? abi::kSignalDead : 0u;
  }
  if (object.kind != ObjectKind::port) return 0;
  const auto& port = static_cast<const Port&>(object);
  return (port.closed ? abi::kSignalPeerClosed : 0u) |
         (port.no_senders ? abi::kSignalNoSenders : 0u);
}

void Kernel::Signal(Object& object) {
  const abi::Signals now = SignalsOf(object);
  std::vector<Wait*> due;
  for (Wait* wait : object.waits)
    if ((wait->signals & now) != 0) due.push_back(wait);
  const uint64_t generation = object.kind == ObjectKind::port
                                  ? As<Port>(object).no_senders_generation
                                  : 0;
  for (Wait* wait : due)
    EndWait(*wait, Answer::Of(wait->signals & now, generation));
}

void Kernel::EndWait(Wait& wait, Answer answer) {
  Session& session = *wait.session;
  session.Complete(static_cast<uint32_t>(abi::Syscall::object_watch),
                   wait.user_data, std::move(answer));
  wait.capability->object->waits.erase(&wait);
  std::erase(wait.capability->use->waits, &wait);
  auto [first, last] = session.waits.equal_range(wait.user_data);
  for (auto at = first; at != last; ++at) {
    if (at->second.get() != &wait) continue;
    session.waits.erase(at);
    return;
  }
}

}  // namespace kernel
