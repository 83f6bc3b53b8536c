// The fixture's own code: objects and raw lanes. Tests nothing by itself.
#include <stdexcept>

#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;

void Require(const Answer& answer, const char* what) {
  if (answer.error() == Error::ok) return;
  throw std::runtime_error(
      std::string(what) + " failed: " + std::string(ErrorName(answer.error())));
}

Handle HandleOf(const Answer& answer, const char* what) {
  Require(answer, what);
  return static_cast<Handle>(answer.value(0));
}

}  // namespace

void Inbox::Collect() {
  core_.Pump();
  for (Answer& event : mailbox_->Take()) events_.push_back(std::move(event));
}

Answer Inbox::Await(abi::Event kind) {
  const uint32_t wanted = abi::kEventFlag | static_cast<uint32_t>(kind);
  const Deadline deadline = Deadline::After(absl::Seconds(20));
  while (true) {
    const uint32_t seen = core_.epoch();
    Collect();
    while (!events_.empty()) {
      Answer event = std::move(events_.front());
      events_.pop_front();
      if (event.completion.number == wanted) return event;
    }
    if (deadline.ns <= base::NowNs() || core_.over() != Error::ok)
      throw std::runtime_error("no event " + std::to_string(wanted) + " came");
    core_.Sleep(seen, {}, deadline.ns);
  }
}

bool Inbox::Has(abi::Event kind) {
  // Completions and events come in one order: this answer is the last.
  Require(core_.Call(Syscall::session_info, abi::kNoHandle), "session_info");
  Collect();
  const uint32_t wanted = abi::kEventFlag | static_cast<uint32_t>(kind);
  for (const Answer& event : events_)
    if (event.completion.number == wanted) return true;
  return false;
}

Handle Syscalls::MakePort(uint32_t options, uint64_t ring_bytes,
                          uint64_t ring_bytes_max) {
  return HandleOf(
      Call(Syscall::port_create, account(),
           {.options = options, .args = {ring_bytes, ring_bytes_max}}),
      "port_create");
}

Handle Syscalls::MakeRegion(uint64_t bytes) {
  return HandleOf(Call(Syscall::region_create, account(), {.args = {bytes}}),
                  "region_create");
}

Handle Syscalls::MakeAccount(const abi::AccountLimits& limits,
                             std::string_view name) {
  PayloadBytes payload;
  payload.Add(limits).AddText(name);
  return HandleOf(
      Call(Syscall::account_create, account(), {.payload = payload.bytes()}),
      "account_create");
}

Handle Syscalls::MakeProcess(std::string_view name) {
  abi::ProcessCreate head = {};
  std::memcpy(head.name, name.data(), name.size());
  PayloadBytes payload;
  payload.Add(head);
  return HandleOf(
      Call(Syscall::process_create, account(), {.payload = payload.bytes()}),
      "process_create");
}

Handle Syscalls::Weaker(Handle handle, Rights rights) {
  return HandleOf(Call(Syscall::handle_duplicate, handle, {.args = {rights}}),
                  "handle_duplicate");
}

Handle Syscalls::Make(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kernel:
      return Weaker(kernel_object(), kRightsSame);
    case ObjectKind::lane:
      lanes_made_.push_back(ConnectOnly(root(), MakePort()));
      return lanes_made_.back()->handle;
    case ObjectKind::region:
      return MakeRegion();
    case ObjectKind::process:
      return MakeProcess();
    case ObjectKind::account:
      return MakeAccount({});
    case ObjectKind::reply:
      return MakeReply();
    case ObjectKind::topic:
      return HandleOf(Call(Syscall::topic_create, account()), "topic_create");
    case ObjectKind::subscription:
      return HandleOf(Call(Syscall::topic_subscribe, Make(ObjectKind::topic)),
                      "topic_subscribe");
    case ObjectKind::notification:
      return HandleOf(Call(Syscall::notification_create, account()),
                      "notification_create");
    default:
      return MakePort();
  }
}

Handle Syscalls::MakeReply() {
  const Handle port = MakePort();
  auto inbox = Listen(root(), port);
  lanes_made_.push_back(Connect(root(), port));
  lanes_made_.push_back(Join(root(), *inbox));
  return HandleOf(
      Call(Syscall::reply_create, lanes_made_.back()->handle, {.args = {1}}),
      "reply_create");
}

uint64_t Syscalls::IdOf(Handle handle) {
  const Answer info = Call(Syscall::handle_info, handle);
  Require(info, "handle_info");
  return info.value(2);
}

bool Syscalls::IsOpen(Handle handle) {
  return ErrorOf(Syscall::handle_info, handle) == Error::ok;
}

Syscalls::Other Syscalls::MakeOther(Handle handle, Rights rights) {
  // The capability only lends its handle to the call.
  Capability lent(world_->root().core(), handle);
  const InitialCapability initial[] = {{"it", &lent, rights}};
  Session session = world_->NewSession("other", initial);
  lent.Release();
  const Handle held = Must(session.Take("it")).Release();
  return {std::move(session), held};
}

Syscalls::Other Syscalls::MakePoor(Handle budget, Handle handle) {
  const abi::ProcessCreate head = {.name = "poor", .count = 1};
  const abi::InitialItem item = {.name = "it",
                                 .handle = handle,
                                 .rights = kRightsSame,
                                 .mode = abi::kTransferDuplicate};
  PayloadBytes payload;
  payload.Add(head).Add(item);
  Answer made =
      Call(Syscall::process_create, budget, {.payload = payload.bytes()});
  Require(made, "process_create");
  Session session =
      Must(Session::Adopt(std::move(made.descriptors.at(0)), "poor"));
  const Handle held = Must(session.Take("it")).Release();
  return {std::move(session), held};
}

std::unique_ptr<RawLane> Syscalls::ConnectOnly(SessionCore& core, Handle port) {
  auto lane = std::make_unique<RawLane>(core);
  SessionCore::Expect expect(core);
  lane->answer = core.Call(Syscall::port_connect, port, {}, Soon());
  lane->handle = HandleOf(lane->answer, "port_connect");
  abi::LaneGranted granted = {};
  lane->answer.Read(&granted);
  lane->id = granted.lane_id;
  core.AddLane(lane->handle, lane->inbox.mailbox());
  lane->own = *base::Half::Map(lane->answer.descriptors.at(0).get(),
                               static_cast<uint32_t>(lane->answer.value(2)),
                               lane->answer.value(1), base::Access::kReadWrite);
  lane->out = base::RingWriter(lane->own, 0);
  return lane;
}

std::unique_ptr<RawLane> Syscalls::Connect(SessionCore& core, Handle port) {
  auto lane = ConnectOnly(core, port);
  Require(core.Call(Syscall::lane_ready, lane->handle, {}, Soon()),
          "lane_ready");
  return lane;
}

std::unique_ptr<Inbox> Syscalls::Listen(SessionCore& core, Handle port) {
  auto inbox = std::make_unique<Inbox>(core);
  SessionCore::Expect expect(core);
  const Answer answer = core.Call(Syscall::port_listen, port, {}, Soon());
  Require(answer, "port_listen");
  core.AddPort(answer.value(0), inbox->mailbox(), answer);
  return inbox;
}

std::unique_ptr<RawLane> Syscalls::Opened(SessionCore& core,
                                          Inbox& port_inbox) {
  auto lane = std::make_unique<RawLane>(core);
  SessionCore::Expect expect(core);
  lane->answer = port_inbox.Await(abi::Event::lane_opened);
  lane->handle = static_cast<Handle>(lane->answer.completion.user_data);
  core.AddLane(lane->handle, lane->inbox.mailbox());
  abi::LaneOpened opened = {};
  lane->answer.Read(&opened);
  lane->id = opened.lane_id;
  lane->own = *base::Half::Map(lane->answer.descriptors.at(1).get(),
                               static_cast<uint32_t>(lane->answer.value(0)),
                               lane->answer.value(2), base::Access::kReadWrite);
  lane->out = base::RingWriter(lane->own, opened.reply_start);
  lane->own->head().store(opened.request_start);
  return lane;
}

std::unique_ptr<RawLane> Syscalls::Join(SessionCore& core, Inbox& port_inbox) {
  auto lane = Opened(core, port_inbox);
  Require(core.Call(Syscall::lane_ready, lane->handle, {}, Soon()),
          "lane_ready");
  return lane;
}

void Syscalls::Publish(RawLane& lane, std::string_view text) {
  std::memcpy(lane.out.Payload(), text.data(), text.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(text.size());
  lane.out.Publish(header);
}

}  // namespace ipc
