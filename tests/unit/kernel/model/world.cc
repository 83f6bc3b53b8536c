#include "tests/unit/kernel/model/world.h"

#include <algorithm>
#include <cstring>

#include "tests/unit/kernel/model/compare.h"

namespace model {
namespace {

// Of requests or completions in a turn: they must fit into their rings.
constexpr size_t kBytesPerTurn = 40'000;
constexpr uint64_t kCompareAllEvery = 400;
constexpr int64_t kSoonNs = 1000;

constexpr uint64_t kRecordBytes = 64;

void Write(const base::UniqueFd& half, off_t at, uint64_t value) {
  if (pwrite(half.get(), &value, sizeof(value), at) != sizeof(value))
    throw Mismatch("a half cannot be written before it is ready");
}

Answer AnswerOf(const Received& received) {
  Answer answer;
  answer.error = received.completion.error;
  std::memcpy(answer.values.data(), received.completion.values,
              sizeof(received.completion.values));
  answer.payload = received.payload;
  answer.descriptors = received.descriptors;
  return answer;
}

bool SameAnswer(const Answer& a, const Answer& b) {
  return a.error == b.error && a.values == b.values && a.payload == b.payload &&
         a.descriptors == b.descriptors;
}

bool IsThat(const Event& event, const Received& received) {
  const abi::Completion& completion = received.completion;
  if (completion.number !=
          (abi::kEventFlag | static_cast<uint32_t>(event.event)) ||
      completion.user_data != event.user_data ||
      received.payload != event.payload ||
      received.descriptors != event.descriptors)
    return false;
  for (size_t i = 0; i < event.values.size(); ++i)
    if ((event.any_value & 1u << i) == 0 &&
        completion.values[i] != event.values[i])
      return false;
  return true;
}

std::string TextOf(const Received& received) {
  return "number " +
         std::to_string(received.completion.number & ~abi::kEventFlag) +
         " of " + std::to_string(received.completion.user_data) + " " +
         model::TextOf(AnswerOf(received));
}

// At most so much comes back for it.
size_t AnswerBytes(const Request& request) {
  switch (static_cast<abi::Syscall>(request.head.number)) {
    case abi::Syscall::object_list:
      return abi::kRequestPayloadMax;
    case abi::Syscall::port_times:
      return sizeof(abi::LaneTimes);
    case abi::Syscall::session_info:
      return sizeof(abi::NamedCapability) * abi::kInitialHandlesMax;
    case abi::Syscall::transfer_redeem:
      return sizeof(abi::RedeemedItem) * abi::kMessageHandlesMax;
    default:
      return 512;
  }
}

}  // namespace

World::World(const Profile& profile, uint64_t seed, Log* log,
             Coverage* coverage)
    : profile_(profile),
      random_(seed),
      log_(*log),
      kernel_(&host_),
      model_(coverage),
      generator_(profile, &model_, &random_) {
  model_.SetTime(host_.now_ns);
  SetUp();
}

// A root session with a budget for the others.
void World::SetUp() {
  Player& root = JoinAs(Session::Origin::kRoot);
  JoinAs(Session::Origin::kPath);
  Request request;
  request.head.number = static_cast<uint32_t>(abi::Syscall::account_create);
  request.head.handle = root.session->names[1].handle;
  abi::AccountLimits limits = {
      {profile_.handles, 100, 30, 60, 16u << 20, 60, 40, 60, 12}, {}};
  request.payload.resize(sizeof(limits));
  std::memcpy(request.payload.data(), &limits, sizeof(limits));
  Ask(root, request);
  Turn();
  const Handle budget = root.session->table.held().rbegin()->first;
  for (size_t i = 2; i < std::max<size_t>(profile_.players - 1, 3); ++i) {
    abi::ProcessCreate head = {{'c'}, 2, 0};
    const abi::InitialItem items[2] = {
        {{'a'}, budget, abi::kRightsSame, abi::kTransferDuplicate, 0},
        {{'k'},
         root.session->names[0].handle,
         abi::kRightsSame,
         abi::kTransferDuplicate,
         0}};
    request = Request();
    request.head.number = static_cast<uint32_t>(abi::Syscall::process_create);
    request.head.handle = budget;
    request.payload.resize(sizeof(head) + sizeof(items));
    std::memcpy(request.payload.data(), &head, sizeof(head));
    std::memcpy(request.payload.data() + sizeof(head), items, sizeof(items));
    Ask(root, request);
    Turn();
    SomebodyJoins();
  }
}

World::Player& World::Join(uint64_t id, std::shared_ptr<Inbox> inbox) {
  auto player = std::make_unique<Player>();
  player->session = model_.FindSession(id);
  player->wire = std::make_unique<Wire>(&kernel_, id, std::move(inbox));
  Process& process = *player->session->process;
  player->wire->Begin("player");
  if (process.name.empty()) process.name = "player";
  process.pid = 1;
  process.state = abi::ProcessState::running;
  player->session->state = Session::State::kServing;
  ready_.push_back(player.get());
  players_.push_back(std::move(player));
  log_.Did("joined: session", id);
  return *players_.back();
}

World::Player& World::JoinAs(Session::Origin origin) {
  Session& session = model_.AddSession(origin);
  kernel::Session* kernels = kernel_.AddSession(
      origin == Session::Origin::kRoot ? kernel::Session::Origin::kRoot
                                       : kernel::Session::Origin::kPath);
  if (kernels->id() != session.id()) throw Mismatch("a session's id is odd");
  std::shared_ptr<Inbox> inbox;
  kernels->transport = host_.Make(&inbox);
  return Join(session.id(), inbox);
}

void World::SomebodyJoins() {
  for (const auto& [id, session] : model_.sessions()) {
    if (session->state != Session::State::kWaiting) continue;
    Join(id, host_.inboxes[id]);
    return;
  }
  if (players_.size() < 3)
    JoinAs(random_.OneIn(3) ? Session::Origin::kPath : Session::Origin::kRoot);
}

void World::Ask(Player& player, Request request) {
  request.head.user_data = next_user_data_++;
  log_.Asked(player.session->id(), request);
  player.bytes += std::max(AnswerBytes(request), request.payload.size() + 256);
  player.wire->Submit(request);
  if (std::find(ready_.begin(), ready_.end(), &player) == ready_.end())
    ready_.push_back(&player);
  player.asked.push_back(std::move(request));
}

void World::Step() {
  size_t who = random_.Below(players_.size());
  if (profile_.wears && !random_.OneIn(4)) who = players_.size() - 1;
  Player& player = *players_[who];
  if (player.bytes < kBytesPerTurn)
    Ask(player, generator_.Next(*player.session));
  if (IsPoor(player) && random_.OneIn(40)) {
    EndPlayer(who);
    if (players_.empty()) JoinAs(Session::Origin::kRoot);
  }
  if (random_.OneIn(profile_.end_every)) EndSomebody();
  if (players_.size() < profile_.players && random_.OneIn(50)) SomebodyJoins();
  if (random_.OneIn(8)) {
    static constexpr uint64_t kSteps[] = {10, 200, 200, 1000};
    Wait(random_.OneIn(1000) ? profile_.ends_within
                             : kSteps[random_.Below(std::size(kSteps))]);
  }
  if (profile_.caps > 1000 && random_.OneIn(4000)) EndMuch(player);
  if (--batch_left_ != 0) return;
  batch_left_ = 1 + random_.Below(profile_.batch);
  Turn();
  if (random_.OneIn(profile_.rest_every)) Rest();
}

// Makes more than a turn destroys end at once.
void World::EndMuch(Player& player) {
  constexpr int kCopies = 1500, kBatch = 50;
  Turn();
  Handle source = abi::kNoHandle;
  for (const auto& [handle, cap] : player.session->table.held())
    if ((cap->rights & abi::kRightDuplicate) != 0) source = handle;
  Request request;
  request.head.number = static_cast<uint32_t>(abi::Syscall::handle_mint);
  request.head.handle = source;
  request.head.args[0] = abi::kRightsSame;
  request.head.args[2] = static_cast<uint64_t>(host_.now_ns + kSoonNs);
  Ask(player, request);
  Turn();
  if (model_.caps().empty()) return;
  const Cap& newest = *model_.caps().rbegin()->second;
  if (newest.holder != player.session) return;
  request.head.number = static_cast<uint32_t>(abi::Syscall::handle_duplicate);
  request.head.handle = newest.handle;
  request.head.args[2] = 0;
  for (int i = 0; i < kCopies; ++i) {
    Ask(player, request);
    if (i % kBatch == 0) Turn();
  }
  Wait(2 * kSoonNs);
}

// Holds too little to do anything.
bool World::IsPoor(Player& player) {
  return player.session->table.size() < 4 &&
         player.session->table.held_of(ObjectKind::account).empty();
}

void World::EndSomebody() {
  if (random_.OneIn(4)) return EndWaiting();
  // A root session goes more rarely.
  const size_t index = random_.Below(players_.size());
  if (players_[index]->session->origin == Session::Origin::kRoot &&
      !random_.OneIn(4))
    return;
  EndPlayer(index);
  if (players_.empty()) JoinAs(Session::Origin::kRoot);
}

void World::EndWaiting() {
  for (const auto& [id, session] : model_.sessions()) {
    if (session->state != Session::State::kWaiting) continue;
    log_.Did("ended while it waited: session", id);
    kernel_.EndSession(*kernel_.FindSession(id));
    model_.EndSession(*session);
    return;
  }
}

// By a crash, which leaves its requests undone, or by a hang-up.
void World::EndPlayer(size_t index) {
  Player& player = *players_[index];
  if (random_.OneIn(2)) AskTooLate(player);
  kernel::Session& session = *kernel_.FindSession(player.session->id());
  if (player.session->table.predictable() && random_.OneIn(2)) {
    log_.Did("hung up: session", session.id());
    if (!player.asked.empty()) model_.coverage().Saw("hung up with requests");
    kernel_.HangUp(session);
    for (const Request& request : player.asked)
      model_.Do(*player.session, request, nullptr);
  } else {
    log_.Did("ended: session", session.id());
    if (!player.asked.empty())
      model_.coverage().Saw("ended with requests undone");
    kernel_.EndSession(session);
  }
  if (player.session->table.size() > kernel::Kernel::kStepsPerTurn)
    model_.coverage().Saw("ended with a full table");
  model_.EndSession(*player.session);
  std::erase(ready_, &player);
  players_.erase(players_.begin() + static_cast<ptrdiff_t>(index));
}

void World::Wait(uint64_t most_ns) {
  WaitUntil(host_.now_ns + 1 + static_cast<int64_t>(random_.Below(most_ns)));
}

// If more ends at once than a turn destroys, nothing else happens meanwhile:
// one could not tell what a request still found.
void World::WaitUntil(int64_t now_ns) {
  constexpr size_t kFewEnough = 900;
  const bool many = model_.Due(now_ns) > kFewEnough;
  if (many) Rest();
  host_.now_ns = now_ns;
  model_.SetTime(now_ns);
  if (many) Rest();
}

void World::AskTooLate(Player& player) {
  for (const auto& [handle, cap] : player.session->table.held()) {
    if ((cap->rights & abi::kRightDuplicate) == 0 ||
        cap->ends_ns <= host_.now_ns || cap->ends_ns > host_.now_ns + kSoonNs)
      continue;
    Request request;
    request.head.number = static_cast<uint32_t>(abi::Syscall::handle_duplicate);
    request.head.handle = handle;
    request.head.args[0] = abi::kRightsSame;
    Ask(player, request);
    return WaitUntil(cap->ends_ns);
  }
}

bool World::Turn() {
  const bool more = kernel_.Turn();
  model_.EndDue();
  for (const auto& player : players_) Collect(*player);
  for (Player* player : ready_) CheckAnswers(*player);
  ready_.clear();
  model_.Observe(kernel_);
  for (const auto& player : players_) {
    CheckLateAnswers(*player);
    CheckEvents(*player);
  }
  CompareTouched(model_, kernel_);
  if (!more && host_.alarm_ns != model_.Alarm())
    throw Mismatch("an alarm at " + std::to_string(host_.alarm_ns) +
                   ", not at " + std::to_string(model_.Alarm()));
  model_.Forget();
  if (++turns_ % kCompareAllEvery == 0) CompareAll(model_, kernel_);
  return more;
}

void World::Rest() {
  log_.Did("rest", 0);
  constexpr int kTurnsMax = 100'000;
  int turns = 0;
  while (Turn())
    if (++turns == kTurnsMax)
      throw Mismatch("the kernel does not come to rest");
  model_.CheckRest();
}

void World::Collect(Player& player) {
  Received received;
  uint64_t last = 0;
  while (player.wire->Take(&received)) {
    const abi::Completion& completion = received.completion;
    if ((completion.number & abi::kEventFlag) != 0) {
      player.events.push_back(std::move(received));
      continue;
    }
    Answer answer = AnswerOf(received);
    log_.Answered(player.session->id(), completion.user_data, answer);
    if (!received.fds.empty())
      player.fds[completion.user_data] = std::move(received.fds);
    const auto call = static_cast<abi::Syscall>(completion.number);
    const bool waits = call == abi::Syscall::handle_revoke ||
                       call == abi::Syscall::object_watch ||
                       call == abi::Syscall::notification_wait;
    if (!waits && completion.user_data < last)
      throw Mismatch("answers are out of order");
    if (!waits) last = completion.user_data;
    if (!player.answers.emplace(completion.user_data, std::move(answer)).second)
      throw Mismatch("a request is answered twice");
  }
}

void World::CheckAnswers(Player& player) {
  for (const Request& request : player.asked) {
    const auto found = player.answers.find(request.head.user_data);
    const Answer* seen =
        found == player.answers.end() ? nullptr : &found->second;
    const Answer expected = model_.Do(*player.session, request, seen);
    if (expected.parked) continue;
    if (seen == nullptr)
      throw Mismatch(std::string("no answer to ") +
                     CallName(request.head.number) + ", the model has " +
                     model::TextOf(expected));
    if (!SameAnswer(expected, *seen))
      throw Mismatch(std::string("the answer to ") +
                     CallName(request.head.number) + " is " +
                     model::TextOf(*seen) + ", the model has " +
                     model::TextOf(expected));
    model_.coverage().Answered(request.head.number, seen->error);
    if (seen->error == Error::quota_exceeded &&
        (seen->values[3] & abi::kQuotaShare) != 0)
      model_.coverage().Saw("shares used up");
    const auto fds = player.fds.find(request.head.user_data);
    if (fds != player.fds.end()) {
      WriteLane(player, static_cast<Handle>(seen->values[0]), fds->second[0],
                seen->values[1]);
      player.fds.erase(fds);
    }
    player.answers.erase(found);
  }
  player.asked.clear();
  player.bytes = 0;
}

void World::CheckLateAnswers(Player& player) {
  Session& session = *player.session;
  for (const auto& [user_data, answer] : player.answers)
    if (model_.IsRevoke(session, user_data))
      model_.RevokeAnswered(session, user_data, answer);
    else
      model_.LateAnswered(session, user_data, answer);
  player.answers.clear();
  if (!session.late.empty())
    throw Mismatch("session " + std::to_string(session.id()) +
                   " waits in vain for an answer to request " +
                   std::to_string(session.late.begin()->first));
}

void World::CheckEvents(Player& player) {
  std::vector<Event>& expected = player.session->expected;
  for (const Received& received : player.events) {
    const auto found = std::find_if(
        expected.begin(), expected.end(),
        [&](const Event& event) { return IsThat(event, received); });
    if (found == expected.end())
      throw Mismatch("an event to session " +
                     std::to_string(player.session->id()) +
                     " that should not be: " + TextOf(received));
    expected.erase(found);
    if (received.fds.size() == 3)
      WriteLane(player, static_cast<Handle>(received.completion.user_data),
                received.fds[1], 0);
  }
  for (const Event& event : expected)
    if (!MayBeLeftOut(event))
      throw Mismatch("session " + std::to_string(player.session->id()) +
                     " should get event " +
                     std::to_string(static_cast<uint32_t>(event.event)) +
                     " of " + std::to_string(event.user_data));
  expected.clear();
  player.events.clear();
}

// A lane's end writes into its half what the kernel will find there once it is
// ready: the sender has sent, the listener has taken and replied. Requests
// have their stamps: `key` and where they are.
void World::WriteLane(Player& player, Handle handle, const base::UniqueFd& half,
                      uint64_t key) {
  Cap* cap = player.session->table.Find(handle);
  if (cap == nullptr || random_.OneIn(3)) return;
  Lane& lane = As<Lane>(*cap->object);
  const bool sends = lane.side(End::kSender).handle == cap;
  Lane::Side& side = lane.side(sends ? End::kSender : End::kListener);
  const uint64_t sent = lane.Measure().request_end - lane.taken;
  if (sends) {
    side.tail = kRecordBytes * random_.Below(4);
    for (uint64_t at = 0; at < side.tail; at += kRecordBytes)
      Write(half, static_cast<off_t>(abi::kControlBytes + at), key + at);
  } else {
    side.head = lane.taken + kRecordBytes * random_.Below(sent / 64 + 1);
    side.tail = lane.reply_end + kRecordBytes * random_.Below(3);
  }
  Write(half, offsetof(abi::HalfControl, tail), side.tail);
  Write(half, offsetof(abi::HalfControl, head), side.head);
}

bool World::MayBeLeftOut(const Event& event) const {
  if (event.unless_closed == 0) return false;
  const Object* port = model_.FindObject(ObjectKind::port, event.unless_closed);
  return port == nullptr || static_cast<const Port*>(port)->closed;
}

void World::End() {
  Rest();
  CompareAll(model_, kernel_);
  while (!players_.empty()) EndPlayer(0);
  for (const auto& [id, session] : model_.sessions()) {
    kernel_.EndSession(*kernel_.FindSession(id));
    model_.EndSession(*session);
  }
  Rest();
  CompareAll(model_, kernel_);
  if (!model_.caps().empty()) throw Mismatch("capabilities stay");
  for (const ObjectKind kind :
       {ObjectKind::port, ObjectKind::lane, ObjectKind::region,
        ObjectKind::process, ObjectKind::notification, ObjectKind::reply})
    if (!kernel_.objects(kind).empty()) throw Mismatch("objects stay");
  for (const auto& [id, object] : kernel_.objects(ObjectKind::account))
    for (const uint64_t used : kernel::As<kernel::Account>(*object).used)
      if (used != 0) throw Mismatch("charges stay");
}

}  // namespace model
