#include "services/tracer/message_table.h"

#include <algorithm>

namespace keyport {
namespace {

// A record of one ring may be drained a pass before its counterpart of
// another ring that was written earlier.
constexpr uint64_t kPatiencePasses = 2;

void SortByTime(std::vector<TracedMessage>* messages) {
  std::stable_sort(messages->begin(), messages->end(),
                   [](const TracedMessage& a, const TracedMessage& b) {
                     return a.time_ns < b.time_ns;
                   });
}

// Where the record's interval began: of a receive or an outcome the send, of
// a send what its sender had received.
uint64_t BeginTime(const ipc::TraceRecord& record) {
  return record.time_ns - std::min(record.interval_ns, record.time_ns);
}

constexpr int kLooksMost = 64;

}  // namespace

size_t MessageTable::KeyHash::operator()(const Key& key) const {
  uint64_t hash = key.lane * 0x9e3779b97f4a7c15u;
  hash = (hash ^ key.flow) * 0xff51afd7ed558ccdu;
  hash = (hash ^ key.correlation) * 0xc4ceb9fe1a85ec53u;
  hash = (hash ^ key.sent_ns) * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(hash ^ (hash >> 32));
}

MessageTable::Entries::iterator MessageTable::Find(const Key& key,
                                                   ipc::TraceKind kind) {
  int looks = 0;  // so many messages are not sent in one nanosecond
  // Not by equal_range, which walks over all that somebody made up.
  for (auto it = index_.find(key);
       it != index_.end() && it->first == key && ++looks <= kLooksMost; ++it) {
    const Entry& entry = *it->second;
    const bool taken =
        kind == ipc::TraceKind::send ? entry.sent : entry.received;
    if (key.correlation != 0 || !taken) return it->second;
  }
  return entries_.end();
}

MessageTable::Entries::iterator MessageTable::FindOrMake(
    const ipc::TraceRecord& record) {
  const auto kind = static_cast<ipc::TraceKind>(record.kind);
  const uint64_t sent_ns =
      kind == ipc::TraceKind::send ? record.time_ns : BeginTime(record);
  const Key key = {record.lane, record.flow, record.correlation,
                   record.correlation != 0 ? 0 : sent_ns};
  if (const auto found = Find(key, kind); found != entries_.end()) return found;
  if (entries_.size() >= pending_max_) Finish(entries_.begin());
  Entry entry = {.key = key};
  entry.message.flow = record.flow;
  entry.message.port = record.port;
  entry.message.label = record.label;
  entry.message.is_call = record.correlation != 0;
  entry.message.time_ns = sent_ns;
  entries_.push_back(std::move(entry));
  entries_.back().in_index = index_.emplace(key, std::prev(entries_.end()));
  return std::prev(entries_.end());
}

void MessageTable::Add(const ipc::TraceSource& source,
                       const ipc::TraceRecord& record,
                       std::string_view payload) {
  const auto kind = static_cast<ipc::TraceKind>(record.kind);
  if (kind < ipc::TraceKind::send || kind > ipc::TraceKind::drop) return;
  const Entries::iterator entry = FindOrMake(record);
  TracedMessage& message = entry->message;
  const bool of_sender =
      kind == ipc::TraceKind::send || kind == ipc::TraceKind::outcome;
  (of_sender ? message.from : message.to) = source.name;
  switch (kind) {
    case ipc::TraceKind::send:
    case ipc::TraceKind::receive:
      message.payload_bytes = record.payload_bytes;
      message.handles = record.handle_count;
      message.label = record.label;
      if (kind == ipc::TraceKind::send) {
        entry->sent = true;
        message.time_ns = record.time_ns;
        if (record.interval_ns != 0) message.cause_ns = BeginTime(record);
        message.request = payload;
      } else {
        entry->received = true;
        // 0: it was sent before anybody traced.
        if (record.interval_ns != 0) message.queue_ns = record.interval_ns;
      }
      break;
    case ipc::TraceKind::reply:
      entry->replied = true;
      message.work_ns = record.interval_ns;
      message.answer = payload;
      break;
    case ipc::TraceKind::outcome:
      entry->ended = true;
      message.total_ns = record.interval_ns;
      message.error = static_cast<ipc::Error>(record.error);
      break;
    default:  // drop
      if (message.error == ipc::Error::ok) message.error = ipc::Error::dropped;
      entry->replied = true;
      break;
  }
  if (IsComplete(*entry))
    Finish(entry);
  else if (entry->ended || (entry->received && !message.is_call))
    Settle(entry);
}

bool MessageTable::IsComplete(const Entry& entry) {
  const bool both_ends = entry.sent && entry.received;
  if (!entry.message.is_call) return both_ends;
  return both_ends && entry.replied && entry.ended;
}

MessageStatus MessageTable::StatusOf(const Entry& entry) {
  if (entry.message.error != ipc::Error::ok) return MessageStatus::kError;
  if (entry.ended) return MessageStatus::kOk;
  if (!entry.received) return MessageStatus::kQueued;
  if (entry.message.is_call && !entry.replied) return MessageStatus::kWaiting;
  return MessageStatus::kOk;
}

void MessageTable::Settle(Entries::iterator entry) {
  if (entry->settling) return;
  entry->settling = true;
  entry->settle_pass = pass_ + kPatiencePasses;
  entry->in_settling = settling_.insert(settling_.end(), entry);
}

void MessageTable::Finish(Entries::iterator entry) {
  index_.erase(entry->in_index);
  if (entry->settling) settling_.erase(entry->in_settling);
  entry->message.status = StatusOf(*entry);
  done_.push_back(std::move(entry->message));
  entries_.erase(entry);
}

std::vector<TracedMessage> MessageTable::EndPass() {
  ++pass_;
  while (!settling_.empty() && settling_.front()->settle_pass <= pass_)
    Finish(settling_.front());
  std::vector<TracedMessage> done = std::move(done_);
  done_.clear();
  SortByTime(&done);
  return done;
}

std::vector<TracedMessage> MessageTable::TakeRest() {
  while (!entries_.empty()) Finish(entries_.begin());
  return EndPass();
}

}  // namespace keyport
