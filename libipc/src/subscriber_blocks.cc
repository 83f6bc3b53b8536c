// The part of SubscriberCore that reads blocks where they lie.
//
// A block that was taken back before it was read, or that cannot be mapped, is
// a lost record: it is counted with the next one that is not.
#include <cstring>

#include "lent_memory.h"
#include "subscriber_core.h"

namespace ipc {
namespace {

bool Within(const base::Mapping& mapping, const abi::TopicBlock& block) {
  return block.offset <= mapping.bytes() &&
         block.bytes <= mapping.bytes() - block.offset;
}

}  // namespace

SubscriberCore::Step SubscriberCore::TakeBlock(Part& part, uint64_t position,
                                               TopicMessage* message,
                                               const abi::TopicHeader& header) {
  abi::TopicBlock block;
  if (header.flags != static_cast<uint64_t>(abi::TopicFlags::block) ||
      header.payload_bytes != sizeof(block))
    return Break();
  std::memcpy(&block, payload_.data(), sizeof(block));
  const std::shared_ptr<base::TopicMemory> theirs = part.reader.memory();
  const uint64_t end = part.reader.position();
  auto mapping = MapBlocks(block.attachment);
  // What it holds is at or above its word: the publisher minds that from the
  // moment it knows of this subscriber.
  const bool stands =
      theirs->blocks_from().load(std::memory_order_acquire) <= position;
  if (!stands || !mapping.ok() || !Within(**mapping, block)) {
    holds_->Pass(end);
    return Step::kAgain;
  }
  holds_->Hold(position, end, block.bytes);
  *message = Taken(header);
  message->payload = {
      reinterpret_cast<const std::byte*>((*mapping)->data()) + block.offset,
      static_cast<size_t>(block.bytes)};
  message->lent =
      std::make_shared<TopicLent>(holds_, theirs, *mapping, position);
  return Step::kTaken;
}

base::Result<std::shared_ptr<base::Mapping>> SubscriberCore::MapBlocks(
    uint32_t attachment) {
  for (const Mapped& mapped : mapped_)
    if (mapped.attachment == attachment) return mapped.mapping;
  const Answer answer = session_->Call(
      abi::Syscall::topic_map, subscription_.handle(), {.args = {attachment}});
  if (answer.error() != Error::ok) return answer.error();
  KP_ASSIGN(auto mapping, MapLent(session_, answer));
  // A publisher has no more at a time; one that lies fills its own numbers.
  if (mapped_.size() >= abi::kAttachedRegionsMax)
    mapped_.erase(mapped_.begin());
  mapped_.push_back({attachment, mapping});
  return mapping;
}

// Of who is gone, nobody else's blocks are to be waited for: they go with the
// last subscriber that has read them.
void SubscriberCore::MapNoMore(const base::TopicMemory& theirs) {
  if (!parts_.empty()) return;  // another publishes: they are gone
  session_->Post(abi::Syscall::topic_map, subscription_.handle(),
                 {.options = abi::kTopicMapNoMore, .args = {theirs.key()}});
}

void SubscriberCore::BeginAt(const base::TopicReader& reader) {
  page_.head().store(reader.position(), std::memory_order_release);
  holds_->Follow(reader.memory(), reader.position());
  holds_->Pass(reader.position());
}

}  // namespace ipc
