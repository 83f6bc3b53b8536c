// Session: this process's connection to the kernel process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/capability.h"
#include "libipc/base/unique_fd.h"

namespace ipc {

enum class Sharing { kOneListener, kManyListeners };
enum class AtFull { kBlock, kFail };
// kRendezvous: no queue; a send returns when its message was taken. A call's
// deadline, too, counts for being taken. What was not taken by then nobody
// gets, and its capabilities and loan are the sender's again.
// kOverwriting: a send never waits; without room it overwrites the oldest
// messages of its sender, and the receiver is told how many (Message::lost).
// Messages are of bytes only, inline and up to a quarter of ring_bytes: no
// calls, loans, capabilities.
enum class Buffering { kQueue, kRendezvous, kOverwriting };
// Of a secret port nobody ever gets TracePayload: its messages' headers can be
// traced, what is in them cannot. For keys and passwords.
enum class Secrecy { kOpen, kSecret };
// Whose flow (ipc/flow.h) it is that goes on in what receivers send for a
// message: the one that its sender chose, or a new one that begins at this
// port. By the latter, senders that are not trusted cannot make what is done
// for them look like what is done for others, nor follow it.
enum class FlowOrigin { kSender, kPort };

struct PortOptions {
  std::string name;  // shown by tools; at most kNameBytesMax - 1 bytes
  // Of each sender's queue, rounded up to a power of two; 0: the default.
  uint32_t ring_bytes = 0;
  // To which a queue that is often full may grow, charged to its sender, and
  // from which an idle one shrinks again. 0: the default, or no growth where
  // ring_bytes is given.
  uint32_t ring_bytes_max = 0;
  Sharing sharing = Sharing::kOneListener;
  AtFull at_full = AtFull::kBlock;
  // Only a queue can be shared, fail at full, or grow (else invalid_args).
  Buffering buffering = Buffering::kQueue;
  Secrecy secrecy = Secrecy::kOpen;
  FlowOrigin flows_from = FlowOrigin::kSender;
};

struct NamedCapabilityInfo {
  std::string name;
  ObjectKind kind = ObjectKind::none;
  Rights rights = 0;
};

// Move-only. What was made from it keeps the connection alive until Close.
// Thread: any.
class Session {
 public:
  // By the socket inherited from whoever started this process
  // (KEYPORT_SESSION_FD). Errors: not_found with what to do when the variable
  // is missing; not_supported when the kernel process speaks another version.
  static absl::StatusOr<Session> FromEnvironment();
  // By the kernel process's socket path; it decides from the credentials what
  // the newcomer may hold (the same user and root: "kernel" to inspect).
  static absl::StatusOr<Session> Connect(const std::string& path,
                                         std::string_view name);
  // Over an open socket. Owns: the socket.
  static absl::StatusOr<Session> Adopt(base::UniqueFd socket,
                                       std::string_view name);

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // The initial capability of that name, which can be taken once.
  // Errors: not_found, naming those there are.
  absl::StatusOr<Capability> Take(std::string_view name);
  std::vector<NamedCapabilityInfo> names() const;

  // A new port with every right on it, charged to this session's account
  // (the initial capability "account", or the one given).
  // Errors: not_found (no account); invalid_args; out_of_range; quota_exceeded.
  absl::StatusOr<Capability> CreatePort(const PortOptions& options) const;
  absl::StatusOr<Capability> CreatePort(const Capability& account,
                                        const PortOptions& options) const;

  uint64_t id() const;
  uint64_t process_id() const;
  // Ends the session: every wait ends with canceled, every handle is closed.
  void Close();
  // Whether the kernel process is still there.
  bool connected() const;

  const std::shared_ptr<SessionCore>& core() const { return core_; }

 private:
  explicit Session(std::shared_ptr<SessionCore> core);
  std::shared_ptr<SessionCore> core_;
};

}  // namespace ipc
