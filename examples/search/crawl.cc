// The crawl's steps. The workers only wait in calls and for pool memory.
#include "examples/search/crawl.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "examples/search/batch.h"
#include "libipc/base/clock.h"

namespace search {
namespace {

// Enough to keep several tokenizers and the disk busy.
constexpr int kWorkers = 4;
constexpr uint64_t kBatchBytes = 512u << 10;
constexpr uint64_t kPoolBytes = 16u << 20;
constexpr uint64_t kFileBytesMax = 1ull << 30;
constexpr int64_t kShowEveryNs = 50'000'000;

uint64_t RandomCrawl() {
  uint64_t number = 0;
  while (number == 0)
    if (getrandom(&number, sizeof(number), 0) != sizeof(number)) number = 0;
  return number;
}

std::string FolderError(const std::string& folder) {
  struct stat info;
  if (stat(folder.c_str(), &info) == 0) return "";
  return "cannot index " + Printable(folder) + ": " + strerror(errno);
}

Skip SkipOf(uint32_t flags) {
  return flags & kFileBinary ? Skip::kBinary : Skip::kNone;
}

}  // namespace

Crawl::Crawl(example::Service& service, CrawlerPorts& ports, std::string folder)
    : service_(service),
      ports_(ports),
      folder_(std::move(folder)),
      crawl_(RandomCrawl()),
      started_ns_(base::NowNs()) {}

absl::Status Crawl::Run() {
  if (auto begun = Begin(); !begun.ok()) return begun;
  if (std::string error = FolderError(folder_); !error.empty())
    return Finish(error);
  files_ = Walk(folder_, [&](const std::string& path, Skip skip) {
    tally_.CountSkipped(path, skip);
  });
  if (auto made = MakePool(); !made.ok()) return made;
  batches_ = PlanBatches(files_, kBatchBytes);
  DeliverAll();
  if (!failure_.ok() || stopped()) return failure_;
  tally_.SetFinished();
  ShowProgress();
  service_.Say(std::to_string(delivered_files_) + " files read, " +
               tally_.Summary());
  return Finish("");
}

absl::Status Crawl::Begin() {
  for (;;) {
    const auto reply = ports_.index.Call(Encode(CrawlNote{.crawl = crawl_}),
                                         {.label = kBegin});
    if (reply.ok() && DecodeOutcome(reply->payload()) == Outcome::kStored)
      return absl::OkStatus();
    if (service_.over()) return reply.status();
    service_.Pause();
  }
}

absl::Status Crawl::MakePool() {
  uint64_t bytes = 0, largest = 0;
  std::vector<FoundFile> kept;
  for (FoundFile& file : files_) {
    if (file.bytes > kFileBytesMax) {
      tally_.CountSkipped(file.path, Skip::kTooLarge);
      continue;
    }
    bytes += file.bytes;
    largest =
        std::max(largest, BatchWriter::FileBytes(file.path.size(), file.bytes));
    kept.push_back(std::move(file));
  }
  files_ = std::move(kept);
  tally_.SetTotals(files_.size(), bytes);
  const uint64_t needed = kPoolBytes + largest;
  if (ports_.pool && ports_.pool->bytes() >= needed) return absl::OkStatus();
  auto pool = ipc::Pool::Create(service_.session(), needed);
  if (!pool.ok()) return pool.status();
  ports_.pool = *std::move(pool);
  return absl::OkStatus();
}

void Crawl::DeliverAll() {
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back([this] { Work(); });
  for (std::thread& worker : workers) worker.join();
}

void Crawl::Work() {
  while (!stopped()) {
    const size_t at = next_batch_.fetch_add(1);
    if (at >= batches_.size()) return;
    Deliver(batches_[at]);
    const int64_t now = base::NowNs();
    if (now - shown_ns_.exchange(now) > kShowEveryNs) ShowProgress();
  }
}

void Crawl::Deliver(const PlannedBatch& batch) {
  while (!stopped() && Attempt(batch) == Step::kAgain) service_.Pause();
}

Crawl::Step Crawl::Attempt(const PlannedBatch& batch) {
  auto loan = ports_.pool->Allocate(batch.bytes);
  if (!loan.ok()) {
    if (ipc::ErrorOf(loan.status()) == ipc::Error::should_wait)
      return Step::kAgain;
    Fail(loan.status());
    return Step::kDone;
  }
  BatchWriter writer(loan->bytes(), crawl_);
  std::vector<Skip> skips;
  for (uint32_t id = batch.first; id < batch.last; ++id) {
    const FoundFile& file = files_[id];
    const auto place = writer.ContentPlace(file.path, file.bytes);
    skips.push_back(ReadWhole(file.path, place));
    if (skips.back() == Skip::kNone) writer.Commit(id, file.path, file.bytes);
  }
  loan->Shrink(writer.bytes());
  const auto reply = ports_.files.CallLoan(*loan, {.label = kBatch});
  if (!reply.ok()) return Step::kAgain;
  return TakeAnswer(batch, skips, DecodeBatchAnswer(reply->payload()));
}

Crawl::Step Crawl::TakeAnswer(const PlannedBatch& batch,
                              const std::vector<Skip>& skips,
                              const BatchAnswer& answer) {
  if (answer.outcome == Outcome::kTryAgain) return Step::kAgain;
  if (answer.outcome == Outcome::kUnknownCrawl) {
    lost_ = true;
    return Step::kDone;
  }
  if (answer.outcome != Outcome::kStored) {
    Fail(absl::InternalError("a tokenizer did not understand its batch"));
    return Step::kDone;
  }
  std::vector<Skip> found = skips;
  for (const BatchAnswer::File& file : answer.flagged)
    if (file.id >= batch.first && file.id < batch.last)
      found[file.id - batch.first] = SkipOf(file.flags);
  for (uint32_t i = 0; i < found.size(); ++i) {
    const FoundFile& file = files_[batch.first + i];
    tally_.Count(file.path, file.bytes, found[i]);
    if (skips[i] == Skip::kNone) ++delivered_files_;
  }
  return Step::kDone;
}

absl::Status Crawl::Finish(const std::string& error) {
  const CrawlNote note{crawl_, delivered_files_, error};
  const auto reply = ports_.index.Call(Encode(note), {.label = kFinish});
  if (service_.over()) return reply.status();
  return absl::OkStatus();
}

void Crawl::Fail(absl::Status status) {
  const std::lock_guard lock(failure_mutex_);
  failure_ = std::move(status);
  lost_ = true;
}

void Crawl::ShowProgress() {
  for (const std::string& line : tally_.TakeLines()) service_.Say(line);
  Progress progress = tally_.progress();
  progress.elapsed_ns = base::NowNs() - started_ns_;
  // Shown later, or not at all, when the display has no room for it now.
  (void)ports_.progress.Send(
      Encode(progress),
      {.label = kProgress, .deadline = ipc::Deadline::Immediately()});
}

}  // namespace search
