// `keyport graph --from FILE` and `--for SECONDS`: who sent to whom in a
// recording, or in a running graph meanwhile, how often and how long that took.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "services/cli/inspect_commands.h"
#include "services/cli/traced_messages.h"
#include "services/tracer/histogram.h"
#include "services/tracer/message_table.h"

namespace keyport {

class RecordedGraph {
 public:
  // Whoever writes records can make up ports; arrows beyond so many are left
  // out, and counted.
  static constexpr size_t kArrowsMax = 4'096;
  void Add(const TracedMessage& message, const std::string& port);

  // A row an arrow.
  Listing List() const;
  // In Graphviz's language: arrows with rates and times, red where calls
  // failed, the wider the more messages.
  std::string Dot() const;
  uint64_t left_out() const { return left_out_; }

 private:
  struct Arrow {
    uint64_t messages = 0;
    uint64_t errors = 0;
    uint64_t bytes = 0;
    Histogram queue_ns;
    Histogram total_ns;
  };
  using Key = std::tuple<std::string, std::string, std::string>;

  double Rate(const Arrow& arrow) const;

  std::map<Key, Arrow> arrows_;  // from, to, port
  uint64_t first_ns_ = UINT64_MAX;
  uint64_t last_ns_ = 0;
  uint64_t left_out_ = 0;
};

struct RecordedGraphOptions {
  TracedInput input;
  Format format = Format::kText;
  bool dot = false;
  std::string svg;  // a file to be drawn; "": none
  bool is_wanted() const {
    return !input.recording.empty() || input.seconds_max > 0;
  }
};
// Returns 0, or 1 after saying what failed.
int RunRecordedGraph(const RecordedGraphOptions& options);

}  // namespace keyport
