// Answer: what comes of one request. Never refers to a session.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "kernel/cap/account.h"
#include "kernel/object/object.h"

namespace kernel {

struct Answer {
  Answer() = default;
  Answer(Error why) : error(why) {}  // NOLINT: implicit, as in Result
  static Answer Of(uint64_t a, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0) {
    Answer answer;
    answer.values = {a, b, c, d};
    return answer;
  }
  static Answer Failed(Error why, uint64_t a, uint64_t b = 0, uint64_t c = 0,
                       uint64_t d = 0) {
    Answer answer = Of(a, b, c, d);
    answer.error = why;
    return answer;
  }
  static Answer BadHandle(abi::HandleFate fate) {
    return Failed(Error::bad_handle, static_cast<uint64_t>(fate));
  }
  static Answer Missing(Rights rights) {
    return Failed(Error::access_denied, rights);
  }
  static Answer OutOfRange(uint64_t minimum, uint64_t maximum) {
    return Failed(Error::out_of_range, minimum, maximum);
  }
  static Answer OverQuota(const QuotaFailure& failure) {
    return Failed(Error::quota_exceeded, failure.used, failure.limit,
                  failure.account,
                  static_cast<uint64_t>(failure.item) |
                      (failure.is_share ? abi::kQuotaShare : 0));
  }
  // The completion comes later.
  static Answer Parked() {
    Answer answer;
    answer.parked = true;
    return answer;
  }

  bool ok() const { return error == Error::ok; }
  Answer With(UniqueFd descriptor) && {
    descriptors.push_back(std::move(descriptor));
    return std::move(*this);
  }
  // Appends the bytes of a plain struct to the payload.
  template <typename T>
  void Append(const T& value) {
    AppendBytes(&value, sizeof(value));
  }
  void AppendBytes(const void* data, size_t bytes) {
    const size_t old = payload.size();
    payload.resize(old + bytes);
    if (bytes > 0) std::memcpy(payload.data() + old, data, bytes);
  }

  Error error = Error::ok;
  bool parked = false;
  std::array<uint64_t, 4> values = {};
  std::vector<uint8_t> payload;
  std::vector<UniqueFd> descriptors;
};

// Copies a name into an entry's zero-filled field.
inline void CopyName(char (&to)[abi::kNameBytesMax], const std::string& name) {
  std::memcpy(to, name.data(), std::min<size_t>(name.size(), sizeof(to) - 1));
}

}  // namespace kernel

// Returns the failed Answer of `expression`, if it failed.
#define KP_ANSWER(expression)                                       \
  do {                                                              \
    if (::kernel::Answer kp_answer = (expression); !kp_answer.ok()) \
      return kp_answer;                                             \
  } while (false)
