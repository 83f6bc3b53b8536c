// Streams of numbered messages, made so that whoever takes them can tell a
// lost, repeated, reordered or damaged one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "ipc/message.h"

namespace soak {

enum EnvelopeFlags : uint64_t {
  // It is taken exactly once if sending it succeeded, never if it failed. Not
  // set: a call with a short deadline, that may have been taken or not.
  kCertain = 1,
  kDropMe = 2,  // a call that the server shall destroy unanswered
  kLast = 4,    // of its stream
};

// At the start of each payload; the rest follows from it.
struct Envelope {
  uint64_t stream;
  uint64_t number;        // increasing from 1, with gaps
  uint64_t last_certain;  // the number of the last certain one before
  uint64_t flags;         // EnvelopeFlags
};

// `bytes`: in all, at least sizeof(Envelope).
std::string Compose(const Envelope& envelope, size_t bytes);
// Empty if it is damaged.
std::optional<Envelope> Parse(ipc::Bytes payload);

// What one reader has taken.
class Taken {
 public:
  // Empty if this one may come now, or what is wrong. A reader who shares the
  // streams with others cannot see a loss.
  enum class Share { kAll, kSome };
  std::string Add(const Envelope& envelope, Share share);

 private:
  struct State {
    uint64_t number = 0;
    uint64_t certain = 0;
  };
  std::map<uint64_t, State> streams_;
};

}  // namespace soak
