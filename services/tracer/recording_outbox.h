// RecordingOutbox: what a recorder has to write, and the files it goes to. What
// a full disk does not take stays, in order, until it does.
#pragma once

#include <deque>
#include <string>

#include "services/tracer/recorder.h"
#include "services/tracer/recording_series.h"

namespace keyport {

class RecordingOutbox {
 public:
  explicit RecordingOutbox(RecordingSeries series)
      : series_(std::move(series)) {}

  void Add(std::string blocks);
  // The end of a file, and the begin of the next.
  void Add(Recorder::Turn turn);
  // Writes all there is. Errors: as RecordingFile; what was not written stays.
  absl::Status Flush();
  bool empty() const { return pieces_.empty(); }
  const RecordingSeries& series() const { return series_; }

 private:
  struct Piece {
    std::string blocks;
    bool begins_file = false;
  };
  RecordingSeries series_;
  std::deque<Piece> pieces_;
};

}  // namespace keyport
