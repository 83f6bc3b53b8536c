// LineSplitter: whole lines from the pieces a pipe gives. Bounded: a line that
// is too long is handed out in parts.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace keyport {

class LineSplitter {
 public:
  static constexpr size_t kLineBytesMax = 8'192;
  using Sink = std::function<void(std::string_view line)>;

  // Hands out every line that is complete now, without its newline.
  void Add(std::string_view piece, const Sink& sink);
  // Hands out what is left without a newline.
  void Flush(const Sink& sink);

 private:
  std::string part_;
};

}  // namespace keyport
