// TopicHolds: which blocks a subscriber reads, and the word in its page that
// tells the publisher so: nothing below it is held, or will be. Tools are told
// how much that is, and since when.
//
//   held word           read up to here
//      |--- held, or given back ---|------ not read yet -----
//
// TopicLent: one block, held as long as this lives.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "ipc/topic.h"
#include "libipc/base/topic_memory.h"

namespace ipc {

// Thread: any.
class TopicHolds {
 public:
  explicit TopicHolds(const base::SubscriberMemory* page) : page_(page) {}

  // Whose blocks are read from now on, and from where. What is held of another
  // publisher's is no business of this one's.
  void Follow(std::shared_ptr<base::TopicMemory> theirs, uint64_t start);
  // The record from `position` to `end` shows a block, held until Release.
  void Hold(uint64_t position, uint64_t end, uint64_t bytes);
  void Release(const base::TopicMemory* of, uint64_t position);
  // Nothing below is read any more, but what is held.
  void Pass(uint64_t end);
  // The page goes.
  void Close();

 private:
  struct Held {
    uint64_t bytes;
    int64_t since_ns;
  };
  void Tell();
  void Claim();
  void Say(uint64_t now);

  std::mutex mutex_;
  const base::SubscriberMemory* page_;  // null: closed
  std::shared_ptr<base::TopicMemory> theirs_;
  std::map<uint64_t, Held> held_;  // by position: the order they came
  uint64_t bytes_ = 0;
  uint64_t read_ = 0;
  uint64_t told_ = 0;
};

class TopicLent {
 public:
  TopicLent(std::shared_ptr<TopicHolds> holds,
            std::shared_ptr<base::TopicMemory> theirs,
            std::shared_ptr<base::Mapping> mapping, uint64_t position)
      : holds_(std::move(holds)),
        theirs_(std::move(theirs)),
        mapping_(std::move(mapping)),
        position_(position) {}
  TopicLent(const TopicLent&) = delete;
  TopicLent& operator=(const TopicLent&) = delete;
  ~TopicLent() { holds_->Release(theirs_.get(), position_); }

  // After reading: it was not taken back meanwhile.
  bool IsWhole() const {
    std::atomic_thread_fence(std::memory_order_acquire);
    return theirs_->blocks_from().load(std::memory_order_relaxed) <= position_;
  }

 private:
  const std::shared_ptr<TopicHolds> holds_;
  const std::shared_ptr<base::TopicMemory> theirs_;
  const std::shared_ptr<base::Mapping> mapping_;
  const uint64_t position_;
};

}  // namespace ipc
