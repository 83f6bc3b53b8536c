// Outbox: a session's completions and events on their way to its ring, in
// order. Descriptors go ahead on the socket.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "kernel/object/answer.h"
#include "kernel/session/transport.h"
#include "libipc/base/half.h"

namespace kernel {

class Outbox {
 public:
  // A client that lets more than this pile up is ended.
  static constexpr size_t kEntriesMax = 1 << 18;

  enum class Outcome {
    kEmpty,       // all is published
    kRingFull,    // the client must consume first
    kSocketFull,  // the client must read its socket first
    kGone,        // the peer has hung up
    kBroken,      // it has let too much pile up
  };

  void Push(uint32_t number, uint64_t user_data, Answer answer);
  // Publishes what fits; `published` counts.
  Outcome Flush(base::RingWriter& ring, const base::Half& peer,
                Transport& transport, uint32_t* published);

  // Throws away what was not published.
  void Clear();

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  struct Entry {
    abi::Completion completion;
    std::vector<uint8_t> payload;
    std::vector<UniqueFd> descriptors;
  };

  Result<void> SendDescriptors(Entry& entry, Transport& transport);

  std::deque<Entry> entries_;
  uint64_t next_serial_ = 1;
  uint64_t payload_bytes_ = 0;
};

}  // namespace kernel
