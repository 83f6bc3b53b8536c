#include "kernel/session/outbox.h"

#include <array>
#include <cstring>

#include "libipc/abi/handshake.h"

namespace kernel {

void Outbox::Push(uint32_t number, uint64_t user_data, Answer answer) {
  Entry entry = {};
  entry.completion.number = number;
  entry.completion.error = answer.error;
  entry.completion.user_data = user_data;
  std::memcpy(entry.completion.values, answer.values.data(),
              sizeof(entry.completion.values));
  entry.completion.payload_bytes = static_cast<uint32_t>(answer.payload.size());
  entry.completion.descriptor_count =
      static_cast<uint32_t>(answer.descriptors.size());
  if (!answer.descriptors.empty())
    entry.completion.descriptor_serial = next_serial_++;
  payload_bytes_ += answer.payload.size();
  entry.payload = std::move(answer.payload);
  entry.descriptors = std::move(answer.descriptors);
  entries_.push_back(std::move(entry));
}

void Outbox::Clear() {
  entries_.clear();
  payload_bytes_ = 0;
}

Result<void> Outbox::SendDescriptors(Entry& entry, Transport& transport) {
  std::array<int, abi::kDescriptorsMax> fds;
  const size_t count = entry.descriptors.size();
  for (size_t i = 0; i < count; ++i) fds[i] = entry.descriptors[i].get();
  const abi::SocketMessage message = {
      .magic = abi::kMagic,
      .kind = abi::SocketKind::descriptors,
      .serial = entry.completion.descriptor_serial};
  KP_TRY(
      transport.Send(&message, sizeof(message), std::span(fds.data(), count)));
  entry.descriptors.clear();
  return {};
}

Outbox::Outcome Outbox::Flush(base::RingWriter& ring, const base::Half& peer,
                              Transport& transport, uint32_t* published) {
  while (!entries_.empty()) {
    Entry& entry = entries_.front();
    const size_t bytes = sizeof(entry.completion) + entry.payload.size();
    if (!ring.HasRoom(bytes, &peer))
      return entries_.size() > kEntriesMax ? Outcome::kBroken
                                           : Outcome::kRingFull;
    if (!entry.descriptors.empty()) {
      const Result<void> sent = SendDescriptors(entry, transport);
      if (sent.error() == Error::should_wait)
        return entries_.size() > kEntriesMax ? Outcome::kBroken
                                             : Outcome::kSocketFull;
      if (!sent.ok()) return Outcome::kGone;
    }
    uint8_t* at = ring.Payload();
    std::memcpy(at, &entry.completion, sizeof(entry.completion));
    if (!entry.payload.empty())
      std::memcpy(at + sizeof(entry.completion), entry.payload.data(),
                  entry.payload.size());
    abi::RecordHeader header = {};
    header.payload_bytes = static_cast<uint32_t>(bytes);
    ring.Publish(header);
    payload_bytes_ -= entry.payload.size();
    entries_.pop_front();
    ++*published;
  }
  return Outcome::kEmpty;
}

}  // namespace kernel
