// What a benchmark expects to work: anything else ends it, with the reason.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <utility>

#include "absl/status/statusor.h"
#include "libipc/base/result.h"

namespace bench {

[[noreturn]] inline void Fail(const char* why) {
  fprintf(stderr, "the benchmark failed: %s\n", why);
  _Exit(1);
}

// Each reply is checked with this.
inline void Expect(bool holds, const char* what) {
  if (!holds) Fail(what);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) Fail(value.status().ToString().c_str());
  return *std::move(value);
}
inline void Must(const absl::Status& status) {
  if (!status.ok()) Fail(status.ToString().c_str());
}
template <typename T>
T Must(base::Result<T> value) {
  if (!value.ok()) Fail(base::ErrorText(value.error()));
  return *std::move(value);
}
inline void Must(const base::Result<void>& value) {
  if (!value.ok()) Fail(base::ErrorText(value.error()));
}

}  // namespace bench
