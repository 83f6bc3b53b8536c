// SessionCore: how a session begins, what it begins with, and its end.
#include "session_core.h"

#include <sys/socket.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/names.h"
#include "libipc/base/socket.h"

namespace ipc {
namespace {

constexpr int64_t kHandshakeNs = 10'000'000'000;

absl::Status Gone() {
  return MakeStatus(Error::peer_closed,
                    "the kernel process ended during the handshake; is it "
                    "still running, and was this socket made by it?");
}

}  // namespace

absl::StatusOr<std::shared_ptr<SessionCore>> SessionCore::Create(
    base::UniqueFd socket, std::string_view name) {
  std::shared_ptr<SessionCore> core(new SessionCore());
  core->socket_ = std::move(socket);
  if (absl::Status status = core->Handshake(name); !status.ok()) return status;
  return core;
}

SessionCore::~SessionCore() { Close(); }

absl::Status SessionCore::Handshake(std::string_view name) {
  abi::Hello hello = {};
  hello.magic = abi::kMagic;
  hello.kind = abi::SocketKind::hello;
  hello.version = abi::kVersion;
  name = name.substr(0, sizeof(hello.name) - 1);
  std::memcpy(hello.name, name.data(), name.size());
  if (!base::SendMessage(socket_.get(), &hello, sizeof(hello)).ok())
    return Gone();
  if (!base::WaitReadable(socket_.get(), base::NowNs() + kHandshakeNs))
    return MakeStatus(Error::timed_out,
                      "the kernel process did not answer the handshake "
                      "within 10 s; it may be stopped");
  struct {
    abi::Welcome head;
    abi::NamedCapability names[abi::kInitialHandlesMax];
  } message = {};
  abi::Welcome& welcome = message.head;
  auto got = base::ReceiveMessage(socket_.get(), &message, sizeof(message));
  if (!got.ok() || got->bytes < sizeof(welcome) || welcome.magic != abi::kMagic)
    return Gone();
  if (welcome.kind == abi::SocketKind::refused)
    return MakeStatus(
        welcome.error,
        absl::StrCat("the kernel process refused the session: it speaks ABI ",
                     welcome.version, ", this program ", abi::kVersion, " (",
                     base::ErrorText(welcome.error), ")"));
  const size_t names_bytes = got->bytes - sizeof(welcome);
  if (got->descriptors.size() != 2 ||
      names_bytes != welcome.name_count * sizeof(abi::NamedCapability))
    return Gone();
  auto requests =
      base::Half::Map(got->descriptors[0].get(), welcome.ring_bytes,
                      welcome.request_key, base::Access::kReadWrite);
  auto completions =
      base::Half::Map(got->descriptors[1].get(), welcome.ring_bytes,
                      welcome.completion_key, base::Access::kRead);
  if (!requests.ok() || !completions.ok())
    return MakeStatus(Error::quota_exceeded,
                      "the call ring could not be mapped; check the limits on "
                      "address space (ulimit -v)");
  requests_ = *std::move(requests);
  completions_ = *std::move(completions);
  writer_ = base::RingWriter(requests_, 0);
  reader_ = base::RingReader(completions_, 0);
  session_id_ = welcome.session_id;
  KeepNames({message.names, welcome.name_count});
  const abi::SocketMessage ready = {abi::kMagic, abi::SocketKind::ready, 0};
  if (!base::SendMessage(socket_.get(), &ready, sizeof(ready)).ok())
    return Gone();
  return absl::OkStatus();
}

void SessionCore::KeepNames(std::span<abi::NamedCapability> names) {
  for (abi::NamedCapability& entry : names) {
    entry.name[sizeof(entry.name) - 1] = 0;
    if (std::strcmp(entry.name, "account") == 0) account_ = entry.handle;
    names_.push_back({{entry.name, entry.kind, entry.rights}, entry.handle});
  }
}

absl::StatusOr<Capability> SessionCore::Take(std::string_view name) {
  std::string known;
  {
    std::lock_guard lock(route_mutex_);
    for (Named& named : names_) {
      if (named.info.name == name && named.handle == account_) break;
      if (named.info.name == name && named.handle != abi::kNoHandle)
        return Capability(shared_from_this(),
                          std::exchange(named.handle, abi::kNoHandle),
                          {named.info.kind, named.info.rights});
      if (named.handle != abi::kNoHandle)
        absl::StrAppend(&known, known.empty() ? "" : ", ", named.info.name);
    }
  }
  if (name == "account" && account_ != abi::kNoHandle) {
    // The session itself goes on using it.
    Answer answer = Call(abi::Syscall::handle_duplicate, account_,
                         {.args = {abi::kRightsSame}});
    if (answer.error() != Error::ok)
      return StatusOfAnswer(abi::Syscall::handle_duplicate, account_, answer);
    return Capability(shared_from_this(), static_cast<Handle>(answer.value(0)));
  }
  return MakeStatus(
      Error::not_found,
      absl::StrCat(
          "no initial capability is named '",
          absl::string_view(name.data(), name.size()),
          "', or it was taken; there are: ", known.empty() ? "none" : known,
          ". Whoever starts this process gives them (in a manifest: "
          "uses and provides)"));
}

std::vector<NamedCapabilityInfo> SessionCore::names() const {
  std::vector<NamedCapabilityInfo> infos;
  std::lock_guard lock(route_mutex_);
  for (const Named& named : names_) infos.push_back(named.info);
  return infos;
}

uint64_t SessionCore::NewFlows(uint64_t count) {
  return session_id_ << 40 |
         next_flow_.fetch_add(count, std::memory_order_relaxed);
}

void SessionCore::EndWith(Error why) {
  Error expected = Error::ok;
  over_.compare_exchange_strong(expected, why);
  absl::flat_hash_map<uint64_t, Pending> orphans;
  {
    std::lock_guard lock(submit_mutex_);
    orphans.swap(pending_);
  }
  for (auto& [user_data, pending] : orphans) {
    Answer answer;
    answer.completion.user_data = user_data;
    answer.completion.error = over();
    pending.then(std::move(answer));
  }
  WakeAll();
}

void SessionCore::Close() {
  EndWith(Error::canceled);
  // The descriptor itself stays until the last user is gone.
  if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
}

absl::Status StatusOfAnswer(abi::Syscall call, Handle handle,
                            const Answer& answer) {
  std::string text =
      absl::StrCat(base::SyscallName(call), " on handle ", handle, ": ",
                   base::ErrorText(answer.error()));
  switch (answer.error()) {
    case Error::bad_handle:
      absl::StrAppend(
          &text, " (",
          base::FateText(static_cast<abi::HandleFate>(answer.value(0))), ")");
      break;
    case Error::access_denied:
      absl::StrAppend(&text, "; missing: ",
                      base::RightsText(static_cast<Rights>(answer.value(0))),
                      ". Ask whoever gave this capability for one with it");
      break;
    case Error::out_of_range:
      absl::StrAppend(&text, "; allowed are ", answer.value(0), " to ",
                      answer.value(1));
      break;
    case Error::quota_exceeded:
      absl::StrAppend(&text, "; used ", answer.value(0), " of ",
                      answer.value(1), " in account ", answer.value(2));
      break;
    default:
      break;
  }
  return WithHandle(MakeStatus(answer.error(), text), handle);
}

}  // namespace ipc
