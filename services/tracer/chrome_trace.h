// A recording's messages as Chrome's trace events, for chrome://tracing,
// Perfetto's page or speedscope. Source: "Trace Event Format".
//
// A process a service; in it as many tracks as its overlapping slices need.
// A call is a slice at its caller (until it went on) and one at its server
// (its work), with an arrow from the one to the other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "services/tracer/message_table.h"

namespace keyport {

class ChromeTrace {
 public:
  // False when there is no room: the trace has this many messages already.
  static constexpr size_t kMessagesMax = 1'000'000;
  bool Add(const TracedMessage& message, const std::string& port);

  // Writes the file in pieces. Once.
  void Write(const std::function<void(const std::string&)>& write);

 private:
  struct Slice {
    uint64_t begin_ns;
    uint64_t end_ns;
    size_t message;
    uint32_t process;
    bool of_sender;
  };
  struct Message {
    uint64_t flow;
    uint32_t name;  // of its port
    uint32_t label;
    uint32_t payload_bytes;
    std::string status;
    bool both_ends;
  };

  uint32_t ProcessOf(const std::string& name);
  void AddSlice(const Slice& slice);
  std::string EventText(const Slice& slice, uint32_t track) const;
  std::string ArrowText(const Slice& slice, uint32_t track) const;

  std::map<std::string, uint32_t> processes_;
  std::map<std::string, uint32_t> names_;
  std::vector<std::string> name_texts_;  // as JSON
  std::vector<Message> messages_;
  std::vector<Slice> slices_;
};

}  // namespace keyport
