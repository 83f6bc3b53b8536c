// PageMessages: what an HTML page is made of (html_page.h). Takes messages in
// and keeps them small; sums are of all of them, whatever is kept. Bounded
// whatever a recording holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "services/tracer/message_table.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

inline constexpr uint64_t kNoTime = UINT64_MAX;

struct PageMessage {
  uint64_t time_ns;
  uint64_t flow;
  uint64_t queue_ns;  // kNoTime: not known
  uint64_t work_ns;
  uint64_t total_ns;
  uint64_t cause_ns;
  uint32_t label;
  uint32_t payload_bytes;
  uint32_t handles;
  uint32_t payload;  // 1 + its place among the payloads; 0: there is none
  uint16_t port;     // numbers of names
  uint16_t from;
  uint16_t to;
  MessageStatus status;
  ipc::Error error;
  bool is_call;
};

// The first bytes of what was sent and answered, and what a schema says of
// them.
struct PagePayload {
  std::string request;
  std::string answer;
  DecodedPayload decoded_request;
  DecodedPayload decoded_answer;
};

// Names by number, in the order in which they came. Number 0 is "", and what
// has no room is the last one, "(others)".
class PageNames {
 public:
  PageNames() { NumberOf(""); }
  uint16_t NumberOf(const std::string& name);
  const std::vector<std::string>& names() const { return names_; }

 private:
  static constexpr size_t kNamesMax = 4'096;
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint16_t> numbers_;
};

class PageMessages {
 public:
  // Later ones are summed up, but not kept.
  static constexpr size_t kKeptMax = 4'000'000;
  struct PortLabel {
    uint64_t port;  // its id; TraceSummary::kOtherPorts: those without room
    uint32_t label;
    auto operator<=>(const PortLabel&) const = default;
  };
  struct Edge {
    uint64_t messages = 0;
    uint64_t errors = 0;
    Histogram total_ns;
    Histogram queue_ns;
  };
  struct EdgeKey {
    uint16_t from;
    uint16_t to;
    uint16_t port;
    auto operator<=>(const EdgeKey&) const = default;
  };

  void Add(const TracedMessage& message, const std::string& port_name);
  // Whether payload is still kept.
  bool HasRoomForPayload() const {
    return not_kept_ == 0 && payload_bytes_ < kPayloadBytesMax;
  }
  // Of the message added last. What has no room is left out.
  void AddPayload(const TracedMessage& message);
  // A send that found no room is no message; the summary counts it.
  void AddBlock(const ipc::TraceRecord& record) { summary_.Add(record); }
  void AddLoss(const LostRecords& lost);
  // After the last one: puts what is kept in order of time.
  void Sort();

  const std::vector<PageMessage>& kept() const { return kept_; }
  uint64_t not_kept() const { return not_kept_; }
  // As `keyport trace --from` prints it.
  const TraceSummary& summary() const { return summary_; }
  const std::map<PortLabel, PortSummary>& labels() const { return labels_; }
  // What schemas call labels.
  const std::map<PortLabel, std::string>& methods() const { return methods_; }
  const std::map<EdgeKey, Edge>& edges() const { return edges_; }
  const std::vector<LostRecords>& losses() const { return losses_; }
  const std::vector<PagePayload>& payloads() const { return payloads_; }
  const PageNames& services() const { return services_; }
  const PageNames& ports() const { return ports_; }

 private:
  static constexpr size_t kLabelsMax = 2'048;
  static constexpr size_t kEdgesMax = 2'048;
  static constexpr size_t kLossesMax = 10'000;
  static constexpr size_t kPayloadBytesMax = 16u << 20;  // of all

  PortSummary& OfLabel(const PortLabel& key);
  void AddMethod(const TracedMessage& message);
  void AddToEdge(const EdgeKey& key, const TracedMessage& message);

  std::vector<PageMessage> kept_;
  uint64_t not_kept_ = 0;
  TraceSummary summary_;
  std::map<PortLabel, PortSummary> labels_;
  std::map<PortLabel, std::string> methods_;
  std::map<EdgeKey, Edge> edges_;
  std::vector<LostRecords> losses_;
  std::vector<PagePayload> payloads_;
  size_t payload_bytes_ = 0;
  PageNames services_;
  PageNames ports_;
};

}  // namespace keyport
