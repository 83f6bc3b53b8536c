#include "kernel/object/kernel.h"

#include "kernel/object/reply.h"
#include "kernel/object/reserve.h"

namespace kernel {

Error ErrorOf(Ending ending) {
  return ending == Ending::kRevoked || ending == Ending::kExpired
             ? Error::revoked
             : Error::canceled;
}

HandleFate FateOf(Ending ending) {
  switch (ending) {
    case Ending::kMoved:
      return HandleFate::moved;
    case Ending::kRevoked:
      return HandleFate::revoked;
    case Ending::kExpired:
      return HandleFate::expired;
    case Ending::kClosed:
    case Ending::kDeath:
      break;
  }
  return HandleFate::closed;
}

namespace {

// For all who come by the socket path; they share it.
abi::AccountLimits ToolsLimits() {
  constexpr uint64_t kEach = 65'536;
  abi::AccountLimits limits = {};
  for (uint64_t& limit : limits.limit) limit = kEach;
  limits.limit[static_cast<size_t>(AccountItem::bytes)] = 1ull << 30;
  return limits;
}

}  // namespace

Kernel::Kernel(Host* host)
    : host_(host),
      lanes_(this),
      topics_(this),
      locks_(this),
      trace_(this),
      lingering_(this) {
  kernel_object_ = &Add<KernelObject>();
  root_account_ =
      &Add<Account>(nullptr, std::string("root"), 0u, abi::AccountLimits{});
  tools_account_ = &Add<Account>(root_account_, std::string("tools"),
                                 abi::kAccountShared, ToolsLimits());
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
  const bool by_path = origin == Session::Origin::kPath;
  if (SessionsFull() || (by_path && path_sessions_ >= kPathSessionsMax))
    return nullptr;
  const bool is_root = origin == Session::Origin::kRoot;
  if (!is_root && !Reserve::Held()) return nullptr;
  Session* session =
      NewSession(origin, is_root ? *root_account_ : AddToolAccount());
  if (is_root) {
    had_root_ = true;
    ++live_roots_;
  }
  if (by_path) {
    ++path_sessions_;
    timers_.AddHello(NowNs() + kHelloNs, session->id());
  }
  GiveNames(*session);
  return session;
}

Account& Kernel::AddToolAccount() {
  Use(*tools_account_);
  return Add<Account>(tools_account_, std::string("tool"), 0u,
                      abi::AccountLimits{});
}

void Kernel::GiveNames(Session& session) {
  const bool is_root = session.origin == Session::Origin::kRoot;
  const Rights rights = is_root ? abi::kRightsAll
                                : abi::kRightInspect | abi::kRightTraceMeta |
                                      abi::kRightTracePayload |
                                      abi::kRightTraceStall | abi::kRightWait;
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
  lingering_.Remove(session);
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

Answer Kernel::RoomIn(const Account& account, const Charges& charges) {
  if (const auto refusal = account.Refusal(charges))
    return Answer::OverQuota(*refusal);
  return {};
}

void Kernel::Charge(Account& account, const Charges& charges) {
  account.Charge(charges);
  Use(account);
  LookAtSoftLimits(account);
}

void Kernel::ChargeMore(Account& account, const Charges& charges) {
  account.Charge(charges);
  LookAtSoftLimits(account);
}

void Kernel::Refund(Account& account, const Charges& charges) {
  account.Release(charges);
  LookAtSoftLimits(account);
  Unuse(account);
}

void Kernel::SetLimits(Account& account, const abi::AccountLimits& limits) {
  account.SetLimits(limits);
  LookAtSoftLimits(account);
}

void Kernel::LookAtSoftLimits(Account& account) {
  for (Account* at = &account; at != nullptr; at = at->parent)
    if (at->LookAtSoftLimits()) Signal(*at);
}

abi::Signals Kernel::SignalsOfKind(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::port:
      return abi::kSignalPeerClosed | abi::kSignalNoSenders;
    case ObjectKind::process:
      return abi::kSignalDead | abi::kSignalExited;
    case ObjectKind::account:
      return abi::kSignalQuota;
    case ObjectKind::notification:
      return abi::kSignalNotified;
    case ObjectKind::reply:
      return abi::kSignalPeerClosed;
    default:
      return 0;
  }
}

abi::Signals Kernel::SignalsOf(const Object& object) {
  switch (object.kind) {
    case ObjectKind::port: {
      const auto& port = As<Port>(object);
      return (port.closed ? abi::kSignalPeerClosed : 0u) |
             (port.no_senders ? abi::kSignalNoSenders : 0u);
    }
    case ObjectKind::process: {
      const auto& process = As<Process>(object);
      return (process.cleared() ? abi::kSignalDead : 0u) |
             (process.exit != 0 ? abi::kSignalExited : 0u);
    }
    case ObjectKind::account:
      return As<Account>(object).at_soft_limit() != 0 ? abi::kSignalQuota : 0u;
    case ObjectKind::notification:
      return As<Notification>(object).Has(~uint64_t{0}) ? abi::kSignalNotified
                                                        : 0u;
    case ObjectKind::reply:
      return As<Reply>(object).open() ? 0u : abi::kSignalPeerClosed;
    default:
      return 0;
  }
}

Answer Kernel::SignalAnswer(const Object& object, abi::Signals signals) {
  if (object.kind == ObjectKind::port)
    return Answer::Of(signals, As<Port>(object).no_senders_generation);
  if (object.kind == ObjectKind::process)
    return Answer::Of(signals, 0, As<Process>(object).exit);
  if (object.kind != ObjectKind::account) return Answer::Of(signals);
  const auto& account = As<Account>(object);
  return Answer::Of(signals, account.soft_generation(),
                    account.at_soft_limit());
}

void Kernel::Signal(Object& object) {
  const abi::Signals now = SignalsOf(object);
  std::vector<Wait*> due;
  for (Wait* wait : object.waits)
    if ((wait->what.signals & now) != 0) due.push_back(wait);
  for (Wait* wait : due)
    EndWait(*wait, SignalAnswer(object, wait->what.signals & now));
}

Answer Kernel::Park(Session& session, Capability& capability,
                    const abi::Request& request, const WaitFor& what) {
  if (session.waits.size() >= Session::kWaitsMax)
    return Answer::Failed(Error::quota_exceeded, session.waits.size(),
                          Session::kWaitsMax);
  const Charges charges = Charges::Of(AccountItem::watches);
  KP_ANSWER(RoomIn(*session.account, charges));
  auto wait =
      std::make_unique<Wait>(Wait{&session, &capability, request.user_data,
                                  request.number, next_wait_++, what});
  Object& object = *capability.object;
  if (what.signals != 0)
    object.waits.insert(wait.get());
  else
    As<Notification>(object).takers.emplace(wait->order, wait.get());
  capability.Use().waits.push_back(wait.get());
  session.waits.emplace(request.user_data, std::move(wait));
  // Last: the charge itself may be what a watch of an account waits for.
  Charge(*session.account, charges);
  return Answer::Parked();
}

void Kernel::ServeTakers(Notification& notification) {
  for (auto at = notification.takers.begin();
       at != notification.takers.end() && notification.Has(~uint64_t{0});) {
    Wait& wait = *(at++)->second;
    if (notification.Has(wait.what.mask))
      EndWait(wait,
              Answer::Of(notification.Take(wait.what.mask, wait.what.options)));
  }
  Signal(notification);
}

void Kernel::EndWait(Wait& wait, Answer answer) {
  Session& session = *wait.session;
  session.Complete(wait.call, wait.user_data, std::move(answer));
  Refund(*session.account, Charges::Of(AccountItem::watches));
  Object& object = *wait.capability->object;
  if (wait.what.signals != 0)
    object.waits.erase(&wait);
  else
    As<Notification>(object).takers.erase(wait.order);
  std::erase(wait.capability->use->waits, &wait);
  auto [first, last] = session.waits.equal_range(wait.user_data);
  for (auto at = first; at != last; ++at) {
    if (at->second.get() != &wait) continue;
    session.waits.erase(at);
    return;
  }
}

}  // namespace kernel
