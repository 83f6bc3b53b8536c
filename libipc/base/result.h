// Result<T>: a value or one of the ABI's errors, for what a direct caller
// handles. Never carries text; the public API makes sentences of it.
#pragma once

#include <optional>
#include <utility>

#include "libipc/abi/types.h"

namespace base {

namespace abi = ::ipc::abi;
using abi::Error;

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit
  Result(Error error) : error_(error) {}         // NOLINT: implicit

  bool ok() const { return value_.has_value(); }
  Error error() const { return error_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Error error_ = Error::ok;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}  // NOLINT: implicit
  bool ok() const { return error_ == Error::ok; }
  Error error() const { return error_; }

 private:
  Error error_ = Error::ok;
};

// The error's and the right's word, as in errors.def and rights.def.
const char* ErrorName(Error error);
const char* ErrorText(Error error);

}  // namespace base

#define KP_CONCAT_INNER(a, b) a##b
#define KP_CONCAT(a, b) KP_CONCAT_INNER(a, b)
// Returns the error of `expression`, if it has one.
#define KP_TRY(expression)                              \
  do {                                                  \
    if (auto kp_result = (expression); !kp_result.ok()) \
      return kp_result.error();                         \
  } while (false)
// Declares `target` with the value of `expression`, or returns its error.
#define KP_ASSIGN(target, expression) \
  KP_ASSIGN_INNER(KP_CONCAT(kp_value_, __LINE__), target, expression)
#define KP_ASSIGN_INNER(name, target, expression) \
  auto name = (expression);                       \
  if (!name.ok()) return name.error();            \
  target = *std::move(name)
