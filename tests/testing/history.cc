#include "tests/testing/history.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"

namespace testing_kit {
namespace {

// Which operations are done, by bits, and the state after them.
using Seen = std::pair<std::vector<uint64_t>, Model::State>;

class Search {
 public:
  Search(const Model& model, std::vector<Operation> history, uint64_t most)
      : model_(model),
        history_(std::move(history)),
        most_(most),
        done_((history_.size() + 63) / 64) {
    std::sort(history_.begin(), history_.end(),
              [](const Operation& one, const Operation& other) {
                return one.begin < other.begin;
              });
    for (const Operation& one : history_)
      left_ += one.end == Operation::kNever ? 0 : 1;
  }

  Verdict Run() {
    // By hand: histories are longer than stacks are deep.
    std::vector<Level> levels = {{.state = model_.first}};
    while (left_ > 0) {
      Level& level = levels.back();
      if (DoNext(level, &levels)) continue;
      if (seen_.size() > most_) return Verdict::kTooLong;
      levels.pop_back();
      if (levels.empty()) return Verdict::kNot;
      Undo(levels.back());
    }
    return Verdict::kLinearizable;
  }

 private:
  struct Level {
    Model::State state;
    size_t next = 0;    // to be tried
    size_t chosen = 0;  // what is done in the level above
  };

  bool IsDone(size_t at) const { return (done_[at / 64] >> at % 64 & 1) != 0; }
  void Flip(size_t at) {
    done_[at / 64] ^= uint64_t{1} << at % 64;
    if (history_[at].end != Operation::kNever) left_ += IsDone(at) ? -1 : 1;
  }
  void Undo(const Level& level) {
    Flip(level.chosen);
    first_open_ = std::min(first_open_, level.chosen);
  }

  // Does the next operation that may come now; false when none may.
  bool DoNext(Level& level, std::vector<Level>* levels) {
    while (first_open_ < history_.size() && IsDone(first_open_)) ++first_open_;
    const int64_t limit = EarliestEnd();
    for (size_t at = std::max(level.next, first_open_);
         at < history_.size() && history_[at].begin <= limit; ++at) {
      if (IsDone(at)) continue;
      Model::State state = level.state;
      if (!model_.step(state, history_[at])) continue;
      Flip(at);
      if (seen_.emplace(done_, state).second) {
        level.next = at + 1;
        level.chosen = at;
        levels->push_back({.state = std::move(state)});
        return true;
      }
      Flip(at);
    }
    return false;
  }
  // Nothing that begins later can come before the one that ends then.
  int64_t EarliestEnd() const {
    int64_t earliest = Operation::kNever;
    for (size_t at = first_open_;
         at < history_.size() && history_[at].begin <= earliest; ++at)
      if (!IsDone(at)) earliest = std::min(earliest, history_[at].end);
    return earliest;
  }

  const Model& model_;
  std::vector<Operation> history_;
  const uint64_t most_;
  std::vector<uint64_t> done_;
  size_t left_ = 0;        // that have returned and are not done
  size_t first_open_ = 0;  // all before it are done
  absl::flat_hash_set<Seen> seen_;
};

}  // namespace

Verdict Judge(const Model& model, std::vector<Operation> history,
              uint64_t most) {
  return Search(model, std::move(history), most).Run();
}

}  // namespace testing_kit
