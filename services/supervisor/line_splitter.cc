#include "services/supervisor/line_splitter.h"

#include <algorithm>

namespace keyport {

void LineSplitter::Add(std::string_view piece, const Sink& sink) {
  while (!piece.empty()) {
    const size_t room = kLineBytesMax - part_.size();
    const size_t end = piece.find('\n');
    const size_t take = std::min({piece.size(), end, room});
    part_ += piece.substr(0, take);
    piece.remove_prefix(take);
    const bool newline = !piece.empty() && piece.front() == '\n';
    if (newline) piece.remove_prefix(1);
    if (!newline && part_.size() < kLineBytesMax) continue;
    sink(part_);
    part_.clear();
  }
}

void LineSplitter::Flush(const Sink& sink) {
  if (part_.empty()) return;
  sink(part_);
  part_.clear();
}

}  // namespace keyport
