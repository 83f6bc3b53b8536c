// RawSession: a session without libipc's bookkeeping: requests written
// straight onto the ring, completions polled. What the kernel process and the
// ABI allow at most.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "libipc/abi/requests.h"
#include "libipc/base/half.h"
#include "libipc/base/unique_fd.h"

namespace bench {

class RawSession {
 public:
  // Owns: a session's socket that nobody has used.
  explicit RawSession(base::UniqueFd socket);

  // Makes `count` calls, as many in flight as there is room for. `make` gives
  // the i-th; `take` gets its answer, whose error and number are checked.
  void Many(size_t count, const std::function<ipc::abi::Request(size_t)>& make,
            const std::function<void(const ipc::abi::Completion&)>& take);
  // The handle of its first initial capability.
  ipc::abi::Handle FirstHandle();

 private:
  void Handshake();
  size_t Write(const std::function<ipc::abi::Request(size_t)>& make,
               size_t from, size_t end);
  bool TakeOne(ipc::abi::Completion* completion);
  // After a publication, or after consuming.
  void RingIfArmed(uint32_t bits);

  base::UniqueFd socket_;
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
  base::RingReader reader_;
  // The payload of the completion taken last.
  const uint8_t* payload_ = nullptr;
};

}  // namespace bench
