// One crawl: a walk of the folder, every file lent to the tokenizers, and the
// index told that it is complete. A batch counts as delivered only when its
// call was answered with "stored"; anything else sends it again. When the
// index turns out not to know this crawl, the crawl ends and a new one must
// begin.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "examples/common/service.h"
#include "examples/search/plan.h"
#include "examples/search/tally.h"
#include "ipc/loan.h"

namespace search {

// The crawler's ports, and its pool once it has one; shared by its crawls.
struct CrawlerPorts {
  ipc::Sender files;
  ipc::Sender index;
  ipc::Sender progress;
  std::optional<ipc::Pool> pool;
};

class Crawl {
 public:
  Crawl(example::Service& service, CrawlerPorts& ports, std::string folder);

  // Ok: the index has lost this crawl, begin another. Otherwise why the
  // crawler cannot go on, or that the service is over.
  absl::Status Run();

 private:
  enum class Step { kDone, kAgain };

  absl::Status Begin();
  absl::Status MakePool();
  void DeliverAll();
  void Work();
  void Deliver(const PlannedBatch& batch);
  Step Attempt(const PlannedBatch& batch);
  Step TakeAnswer(const PlannedBatch& batch, const std::vector<Skip>& skips,
                  const BatchAnswer& answer);
  // Waits, in the call, until the index dies or the service is over.
  absl::Status Finish(const std::string& error);
  void Fail(absl::Status status);
  void ShowProgress();
  bool stopped() const { return lost_ || service_.over(); }

  // Constant after the walk.
  example::Service& service_;
  CrawlerPorts& ports_;
  const std::string folder_;
  const uint64_t crawl_;
  const int64_t started_ns_;
  std::vector<FoundFile> files_;
  std::vector<PlannedBatch> batches_;

  // Any worker.
  Tally tally_;
  std::atomic<size_t> next_batch_{0};
  std::atomic<uint64_t> delivered_files_{0};
  std::atomic<bool> lost_{false};  // also after a failure
  std::atomic<int64_t> shown_ns_{0};
  std::mutex failure_mutex_;
  absl::Status failure_;
};

}  // namespace search
