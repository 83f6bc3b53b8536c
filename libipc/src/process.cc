#include "ipc/process.h"

#include <string.h>

#include "absl/strings/str_cat.h"
#include "ipc/session.h"
#include "session_core.h"

namespace ipc {
namespace {

bool CopyName(std::string_view name, char (&to)[abi::kNameBytesMax]) {
  if (name.empty() || name.size() >= sizeof(to)) return false;
  memset(to, 0, sizeof(to));
  memcpy(to, name.data(), name.size());
  return true;
}

absl::Status BadName(std::string_view name) {
  return MakeStatus(
      Error::invalid_args,
      absl::StrCat("a name has 1 to ", abi::kNameBytesMax - 1, " bytes; '",
                   absl::string_view(name.data(), name.size()), "' does not"));
}

template <typename T>
void Append(std::vector<std::byte>* bytes, const T& value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  bytes->insert(bytes->end(), from, from + sizeof(value));
}

abi::AccountLimits WireOf(AccountLimits limits, AccountLimits soft) {
  abi::AccountLimits wire = {};
  for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
    wire.limit[i] = limits.At(abi::AccountItem{i});
    wire.soft[i] = soft.At(abi::AccountItem{i});
  }
  return wire;
}

}  // namespace

uint64_t& AccountLimits::At(abi::AccountItem item) {
  switch (item) {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) \
  case abi::AccountItem::name:                   \
    return name;
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM
  }
  return handles;  // there is no other item
}

namespace {

absl::Status AppendItem(const InitialCapability& one,
                        std::vector<std::byte>* payload) {
  const Capability* given = one.moved != nullptr ? one.moved : one.capability;
  if (given == nullptr || !given->valid())
    return MakeStatus(
        Error::bad_handle,
        absl::StrCat("the initial capability '", one.name, "' is empty"));
  abi::InitialItem item = {};
  if (!CopyName(one.name, item.name)) return BadName(one.name);
  item.handle = given->handle();
  item.rights = one.rights;
  item.mode =
      one.moved != nullptr ? abi::kTransferMove : abi::kTransferDuplicate;
  Append(payload, item);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NewProcess> CreateProcess(
    const Capability& account, std::string_view name,
    std::span<const InitialCapability> initial) {
  if (!account.valid())
    return MakeStatus(Error::bad_handle, "the account's Capability is empty");
  std::vector<std::byte> payload;
  abi::ProcessCreate header = {};
  if (!CopyName(name, header.name)) return BadName(name);
  header.count = static_cast<uint32_t>(initial.size());
  Append(&payload, header);
  for (const InitialCapability& one : initial)
    if (absl::Status status = AppendItem(one, &payload); !status.ok())
      return status;
  const auto& session = account.session();
  Answer answer = session->Call(abi::Syscall::process_create, account.handle(),
                                {.payload = payload});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::process_create, account.handle(),
                          answer);
  for (const InitialCapability& one : initial)
    if (one.moved != nullptr) one.moved->Release();
  if (answer.descriptors.size() != 1)
    return MakeStatus(Error::peer_closed, "the kernel process sent no socket");
  NewProcess made;
  made.process = Capability(session, static_cast<Handle>(answer.value(0)));
  made.object_id = answer.value(1);
  made.socket = std::move(answer.descriptors[0]);
  return made;
}

absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountLimits& limits) {
  return CreateAccount(parent, name, AccountOptions{.limits = limits});
}

absl::StatusOr<Capability> CreateAccount(const Capability& parent,
                                         std::string_view name,
                                         const AccountOptions& options) {
  if (!parent.valid())
    return MakeStatus(Error::bad_handle, "the parent's Capability is empty");
  if (name.size() >= abi::kNameBytesMax) return BadName(name);
  std::vector<std::byte> payload;
  Append(&payload, WireOf(options.limits, options.soft));
  const Bytes text = BytesOf(name);
  payload.insert(payload.end(), text.begin(), text.end());
  const Answer answer = parent.session()->Call(
      abi::Syscall::account_create, parent.handle(),
      {.options = options.sharing == AccountSharing::kShares
                      ? uint32_t{abi::kAccountShared}
                      : 0,
       .payload = payload});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::account_create, parent.handle(),
                          answer);
  return Capability(parent.session(), static_cast<Handle>(answer.value(0)));
}

absl::Status SetAccountLimits(const Capability& above,
                              const Capability& account,
                              const AccountLimits& limits,
                              const AccountLimits& soft) {
  if (!above.valid())
    return MakeStatus(Error::bad_handle, "the upper account is empty");
  std::vector<std::byte> payload;
  Append(&payload, WireOf(limits, soft));
  const Answer answer =
      above.session()->Call(abi::Syscall::account_limit, above.handle(),
                            {.args = {account.handle()}, .payload = payload});
  if (answer.error() == Error::ok) return absl::OkStatus();
  return StatusOfAnswer(abi::Syscall::account_limit, above.handle(), answer);
}

absl::StatusOr<abi::AccountEntry> GetAccountInfo(const Capability& account) {
  const Answer answer =
      account.session()->Call(abi::Syscall::account_info, account.handle());
  abi::AccountEntry entry;
  if (answer.error() != Error::ok || !answer.Read(&entry))
    return StatusOfAnswer(abi::Syscall::account_info, account.handle(), answer);
  return entry;
}

}  // namespace ipc
