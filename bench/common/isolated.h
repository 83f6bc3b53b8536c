// Measurements in a process of their own, so that none inherits another's
// threads, memory or tuning, and one that fails takes nothing with it.
#pragma once

#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct IsolatedBytes {
  std::string bytes;
  std::string why;  // what the process said when it failed; else empty
};
// Runs `body` in a child, which ends after `seconds_max` whatever it does.
IsolatedBytes RunIsolated(unsigned seconds_max,
                          const std::function<std::string()>& body);

// A list of plain numbers.
template <typename T>
struct Isolated {
  std::vector<T> values;
  std::string why;
  bool ok() const { return why.empty(); }
};
template <typename T>
Isolated<T> Isolate(unsigned seconds_max,
                    const std::function<std::vector<T>()>& measure) {
  IsolatedBytes got = RunIsolated(seconds_max, [&] {
    const std::vector<T> values = measure();
    return std::string(reinterpret_cast<const char*>(values.data()),
                       values.size() * sizeof(T));
  });
  Isolated<T> isolated{std::vector<T>(got.bytes.size() / sizeof(T)), got.why};
  if (!isolated.values.empty())
    std::memcpy(isolated.values.data(), got.bytes.data(), got.bytes.size());
  return isolated;
}

}  // namespace bench
