// Kernel: the work done in steps, and the turn.
#include "kernel/object/kernel.h"

namespace kernel {

bool Kernel::HasWork() const {
  return !ready_.empty() || !dirty_.empty() || !revokes_.empty() ||
         !destructions_.empty() || !cut_off_.empty() || !clearing_.empty() ||
         !doomed_.empty() || !reap_.empty() || timers_due_ ||
         lanes_.HasWork() || topics_.HasWork();
}

bool Kernel::Turn() {
  cut_off_now_ = false;
  lanes_.TryStarved();
  topics_.TryStarved();
  RunTimers();
  ServeReady();
  RunRevokes();
  RunDestructions();
  HangUpNext();
  ClearSessions();
  lanes_.SettleSome();
  topics_.SettleSome();
  DestroyDoomed();
  FlushAndRest();
  // Nobody waits for these.
  Reap();
  lanes_.DropLeft();
  SetAlarm();
  return HasWork();
}

void Kernel::RunTimers() {
  timers_due_ = false;
  if (timers_.Next() == Timers::kNever) return;
  const int64_t now = NowNs();
  if (timers_.look_ns() <= now) {
    timers_.SetLook(lanes_.LookAtGrown(now));
    timers_due_ = timers_.look_ns() <= now;
  }
  for (uint32_t steps = 0; timers_.NextEnd() <= now; ++steps) {
    if (steps == kStepsPerTurn) {
      timers_due_ = true;
      return;
    }
    if (const Capability::Index ended = timers_.Ended(now)) {
      Destroy(*tree_.At(ended), Ending::kExpired);
      continue;
    }
    Session* late = FindSession(timers_.TakeLateHello(now));
    if (late != nullptr && late->state == Session::State::kWaitingHello)
      EndSession(*late);
  }
}

void Kernel::SetAlarm() {
  if (timers_.Next() == alarm_ns_) return;
  alarm_ns_ = timers_.Next();
  host_->SetAlarm(alarm_ns_);
}

void Kernel::ServeReady() {
  if (!lingering_.empty()) lingering_.Poll();
  std::vector<Session*> ready = std::move(ready_);
  ready_.clear();
  for (Session* session : ready) {
    session->in_ready = false;
    if (!session->served()) continue;
    bool more = false;
    if (!session->Serve(&more)) {
      EndBroken(*session);
      continue;
    }
    if (more) MarkReady(*session);
    MarkDirty(*session);
  }
}

// A session stays dirty until it has been flushed; then it sleeps, unless it
// has requests. The last first: they were told something by those before, and
// are likelier to sleep.
void Kernel::FlushAndRest() {
  std::vector<Session*> dirty = std::move(dirty_);
  dirty_.clear();
  for (size_t i = dirty.size(); i-- > 0;) {
    Session& session = *dirty[i];
    session.in_dirty = false;
    if (session.served() && !session.Flush()) EndBroken(session);
  }
  for (Session* session : dirty) {
    if (!session->served() || session->in_dirty) continue;
    if (session->in_ready || session->lingers || lingering_.Add(*session))
      continue;
    if (!session->Rest()) MarkReady(*session);
  }
  if (lingering_.gives_way()) lingering_.RestAll();
}

void Kernel::Woke(const Session& session) {
  if (session.RunsOn(host_->Processor())) lingering_.GiveWay();
}

void Kernel::Deliver(Session& session) {
  if (session.served() && !session.Flush()) EndBroken(session);
}

void Kernel::RunRevokes() {
  uint32_t steps = kStepsPerTurn + std::exchange(revoke_debt_, 0);
  while (steps > 0 && !revokes_.empty()) {
    std::unique_ptr<RevokeJob> job = std::move(revokes_.front());
    revokes_.pop_front();
    const bool done = job->Run(&steps, [&](Capability* doomed) {
      Destroy(*doomed, Ending::kRevoked, {job->session, &job->root()});
    });
    if (done) job->answer_after = next_revoke_;
    (done ? revoked_ : revokes_).push_back(std::move(job));
  }
  AnswerRevokes();
}

void Kernel::AnswerRevokes() {
  if (revoked_.empty()) return;
  uint64_t oldest = next_revoke_;
  for (const auto& job : revokes_) oldest = std::min(oldest, job->number);
  // They became done in the order of `answer_after`.
  while (!revoked_.empty() && revoked_.front()->answer_after <= oldest) {
    const std::unique_ptr<RevokeJob> job = std::move(revoked_.front());
    revoked_.pop_front();
    Session* session = FindSession(job->session);
    if (session == nullptr) continue;
    --session->revokes;
    const RevokeReceipt& hit = job->receipt();
    session->Complete(
        static_cast<uint32_t>(abi::Syscall::handle_revoke), job->user_data,
        Answer::Of(hit.capabilities, hit.lanes, hit.mappings, hit.messages));
  }
}

void Kernel::HangUp(Session& session) {
  hanging_up_ = true;
  session.ServeRest();
  hanging_up_ = false;
  EndSession(session);
}

void Kernel::CutOff(Session& session) {
  // What stands on a ring is much for one request: one a turn.
  if (!hanging_up_ && !std::exchange(cut_off_now_, true))
    return HangUp(session);
  HangUpLater(session);
}

void Kernel::HangUpLater(Session& session) {
  if (session.in_cut_off) return;
  session.in_cut_off = true;
  cut_off_.push_back(session.id());
}

// Who has hung up is found out by what it could not be told, too, and then has
// the right to what stands on its ring all the same.
void Kernel::EndBroken(Session& session) {
  if (session.gone())
    HangUpLater(session);
  else
    EndSession(session);
}

void Kernel::HangUpNext() {
  if (cut_off_.empty()) return;
  Session* session = FindSession(cut_off_.front());
  cut_off_.pop_front();
  if (session != nullptr) HangUp(*session);
}

void Kernel::EndSession(Session& session) {
  if (!session.alive()) return;
  session.state = Session::State::kEnded;
  lingering_.Remove(session);
  session.transport.reset();
  session.process->state = abi::ProcessState::dead;
  if (session.origin == Session::Origin::kRoot) --live_roots_;
  trace_.Fact(abi::TraceKind::process_ended, session.id(), 0);
  trace_.EndSession(session);
  flight_.EndSession(session, host_->NowNs());
  locks_.EndAll(session);
  while (!session.waits.empty())
    EndWait(*session.waits.begin()->second, Error::canceled);
  while (!session.listening.empty())
    lanes_.EndListening(**session.listening.begin(), session,
                        Error::peer_closed);
  clearing_.push_back(&session);
}

void Kernel::ClearSessions() {
  if (clearing_.empty()) return;
  Session* session = clearing_.front();
  clearing_.pop_front();
  if (ClearSome(*session, kStepsPerTurn))
    DropSession(*session);
  else
    clearing_.push_back(session);
}

bool Kernel::ClearSome(Session& session, uint32_t steps) {
  // A lane's end costs more than a plain capability.
  constexpr uint32_t kLaneSteps = 32;
  for (uint32_t done = 0; done < steps; ++done) {
    if (session.clear_slot == session.handles.slots()) return true;
    Capability* capability = session.handles.At(session.clear_slot++);
    if (capability == nullptr) continue;
    if (capability->object->kind == ObjectKind::lane) done += kLaneSteps;
    Destroy(*capability, Ending::kDeath);
  }
  return false;
}

// Watchers hear of a death when all of it has happened.
void Kernel::DropSession(Session& session) {
  Process& process = *session.process;
  ForgetGrants(session);
  if (session.origin == Session::Origin::kPath) --path_sessions_;
  if (session.origin == Session::Origin::kChild)
    Refund(*session.account, Charges::Of(AccountItem::processes));
  Unuse(*session.account);
  process.session = nullptr;
  Signal(process);
  Unuse(process);
  std::erase(ready_, &session);
  std::erase(dirty_, &session);
  sessions_.erase(process.id);
}

void Kernel::DestroyDoomed() {
  for (uint32_t steps = 0; steps < kStepsPerTurn && !doomed_.empty(); ++steps) {
    Transfer& transfer = *doomed_.front();
    if (transfer.items.empty()) {
      Refund(*transfer.charged, Charges::Of(AccountItem::messages));
      doomed_.pop_front();
      continue;
    }
    Capability* capability = transfer.items.back().capability;
    if (capability != nullptr) Destroy(*capability, Ending::kClosed);
    transfer.items.pop_back();
  }
}

void Kernel::Reap() {
  for (uint32_t steps = 0; steps < kStepsPerTurn && !reap_.empty(); ++steps) {
    Object* object = reap_.front();
    reap_.pop_front();
    object->reaping = false;
    if (!object->needed()) ReapObject(*object);
  }
}

void Kernel::ReapObject(Object& object) {
  switch (object.kind) {
    case ObjectKind::account:
      Unuse(*As<Account>(object).parent);
      break;
    case ObjectKind::port:
      Refund(*As<Port>(object).charged, Charges::Of(AccountItem::ports));
      break;
    case ObjectKind::notification:
      Refund(*As<Notification>(object).charged,
             Charges::Of(AccountItem::notifications));
      break;
    case ObjectKind::topic:
      topics_.Drop(As<Topic>(object));
      break;
    case ObjectKind::region:
      ForgetGrants(As<Region>(object));
      Refund(*As<Region>(object).charged, As<Region>(object).charges());
      break;
    default:
      break;
  }
  objects_[KindIndex(object.kind)].erase(object.id);
}

}  // namespace kernel
