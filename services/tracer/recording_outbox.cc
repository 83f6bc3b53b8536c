#include "services/tracer/recording_outbox.h"

#include <utility>

namespace keyport {

void RecordingOutbox::Add(std::string blocks) {
  if (!blocks.empty()) pieces_.push_back({std::move(blocks), false});
}

void RecordingOutbox::Add(Recorder::Turn turn) {
  Add(std::move(turn.end));
  pieces_.push_back({std::move(turn.begin), true});
}

absl::Status RecordingOutbox::Flush() {
  while (!pieces_.empty()) {
    Piece& piece = pieces_.front();
    if (std::exchange(piece.begins_file, false)) {
      if (absl::Status next = series_.Next(); !next.ok()) {
        piece.begins_file = true;
        return next;
      }
    }
    const uint64_t before = series_.bytes();
    const absl::Status written = series_.Write(piece.blocks);
    piece.blocks.erase(0, series_.bytes() - before);
    if (!written.ok()) return written;
    pieces_.pop_front();
  }
  return absl::OkStatus();
}

}  // namespace keyport
