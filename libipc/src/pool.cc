#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "ipc/loan.h"
#include "ipc/session.h"
#include "lane_end.h"
#include "pool_set.h"

namespace ipc {
namespace {

// More lenders than Linux waits for at once are looked at from time to time.
constexpr size_t kLendersMax = 60;
constexpr int64_t kLookNs = 10'000'000;

// Blocks of nearly the same size take each other's place: eight sizes for each
// doubling.
uint64_t ClassOf(uint64_t bytes) {
  const uint64_t step = std::max<uint64_t>(std::bit_floor(bytes) / 8, 64);
  return (bytes + step - 1) / step * step;
}

}  // namespace

absl::StatusOr<std::shared_ptr<PoolSet>> PoolSet::Create(
    std::shared_ptr<SessionCore> session, uint64_t bytes) {
  std::shared_ptr<PoolSet> set(new PoolSet(session, bytes == 0));
  if (bytes == 0) return set;
  auto region = PoolCore::Create(session, bytes);
  if (!region.ok()) return region.status();
  set->Add(*std::move(region));
  return set;
}

void PoolSet::Add(RegionPtr region) {
  region->WakeOnFree(waiters_);
  std::lock_guard lock(mutex_);
  regions_.push_back(std::move(region));
}

std::vector<PoolSet::RegionPtr> PoolSet::Regions() const {
  std::lock_guard lock(mutex_);
  return regions_;
}

uint64_t PoolSet::bytes() const {
  uint64_t sum = 0;
  for (const RegionPtr& region : Regions()) sum += region->bytes();
  return sum;
}

uint64_t PoolSet::bytes_in_use() const {
  uint64_t sum = 0;
  for (const RegionPtr& region : Regions()) sum += region->bytes_in_use();
  return sum;
}

void PoolSet::CollectReturns() const {
  for (const RegionPtr& region : Regions()) region->CollectReturns();
}

// The smallest first, so that the large ones may become free.
base::Result<Loan> PoolSet::Search(uint64_t bytes) {
  Error error = Error::out_of_range;
  for (const RegionPtr& region : Regions()) {
    const auto offset = region->Allocate(grows_ ? ClassOf(bytes) : bytes);
    if (offset.ok()) return PoolCore::MakeLoan(region, *offset, bytes);
    if (offset.error() != Error::out_of_range) error = offset.error();
  }
  return error;
}

base::Result<Loan> PoolSet::TryAllocate(uint64_t bytes) {
  auto loan = Search(bytes);
  if (loan.ok()) return loan;
  CollectReturns();
  loan = Search(bytes);
  if (loan.ok() || !grows_) return loan;
  std::lock_guard lock(growing_);
  loan = Search(bytes);  // another thread may have grown it meanwhile
  if (loan.ok()) return loan;
  if (const Error error = Grow(bytes); error != Error::ok) return error;
  return Search(bytes);
}

Error PoolSet::Grow(uint64_t bytes) {
  if (bytes > abi::kRegionBytesMax / 2) return Error::out_of_range;
  const std::vector<RegionPtr> regions = Regions();
  if (regions.size() >= kRegionsMax) return Error::should_wait;
  const uint64_t least = base::RoundUpToPage(ClassOf(bytes));
  uint64_t wanted =
      std::max({kFirstBytes, std::min(PoolSet::bytes(), kGrowthMax), least});
  while (true) {
    auto region = PoolCore::Create(session_, wanted);
    if (region.ok()) {
      Add(*std::move(region));
      return Error::ok;
    }
    const Error error = ErrorOf(region.status());
    if (error != Error::quota_exceeded) return error;
    if (wanted == least) return bytes_in_use() > 0 ? Error::should_wait : error;
    wanted = std::max(base::RoundUpToPage(wanted / 2), least);
  }
}

base::Result<Loan> PoolSet::Allocate(uint64_t bytes, Deadline deadline) {
  if (bytes == 0) return Error::invalid_args;
  if (session_->over() != Error::ok) return session_->over();
  auto loan = TryAllocate(bytes);
  if (loan.error() != Error::should_wait || deadline.ns == 0) return loan;
  // What is freed from now on wakes this thread.
  waiters_->fetch_add(1);
  loan = AwaitBlock(bytes, deadline);
  waiters_->fetch_sub(1);
  return loan;
}

base::Result<Loan> PoolSet::AwaitBlock(uint64_t bytes, Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->over() != Error::ok) return session_->over();
    auto loan = TryAllocate(bytes);
    if (loan.error() != Error::should_wait) return loan;
    if (deadline.ns <= base::NowNs()) return Error::timed_out;
    SleepOnLenders(seen, deadline);
  }
}

// Returns come as records of the lanes that lent, or are taken by whoever
// receives there.
void PoolSet::SleepOnLenders(uint32_t seen, Deadline deadline) {
  std::vector<std::shared_ptr<LaneEnd>> lanes;
  for (const RegionPtr& region : Regions())
    for (auto& lane : region->Lenders())
      if (lane->TakesReturnsAtOnce() &&
          std::find(lanes.begin(), lanes.end(), lane) == lanes.end())
        lanes.push_back(std::move(lane));
  int64_t until_ns = deadline.ns;
  if (lanes.size() > kLendersMax) {
    lanes.resize(kLendersMax);
    until_ns = std::min(until_ns, base::NowNs() + kLookNs);
  }
  FutexWaits words;
  size_t armed = 0;
  while (armed < lanes.size() &&
         lanes[armed]->ArmRecords(LaneEnd::ArmBy::kFutex, &words))
    ++armed;
  if (armed == lanes.size()) session_->Sleep(seen, words, until_ns);
  for (size_t i = 0; i < armed; ++i)
    lanes[i]->DisarmRecords(LaneEnd::ArmBy::kFutex);
}

void PoolSet::Trim() {
  CollectReturns();
  std::vector<RegionPtr> gone;
  std::lock_guard growing(growing_);
  std::lock_guard lock(mutex_);
  if (!grows_) return;
  std::erase_if(regions_, [&](const RegionPtr& region) {
    if (region->bytes_in_use() > 0) return false;
    gone.push_back(region);
    return true;
  });
}

absl::StatusOr<Pool> Pool::Create(const Session& session) {
  auto set = PoolSet::Create(session.core(), 0);
  if (!set.ok()) return set.status();
  return Pool(*std::move(set));
}

absl::StatusOr<Pool> Pool::Create(const Session& session, uint64_t bytes) {
  if (bytes == 0)
    return MakeStatus(Error::invalid_args,
                      "a pool of 0 bytes; leave the size out for one that "
                      "grows by itself");
  auto set = PoolSet::Create(session.core(), bytes);
  if (!set.ok()) return set.status();
  return Pool(*std::move(set));
}

absl::StatusOr<Loan> Pool::Allocate(uint64_t bytes, Deadline deadline) {
  auto loan = set_->Allocate(bytes, deadline);
  if (loan.ok()) return *std::move(loan);
  return MakeStatus(
      loan.error(),
      absl::StrCat("the pool of ", set_->bytes(), " bytes has ",
                   set_->bytes_in_use(), " in use and no block of ", bytes,
                   set_->grows() ? "; it cannot grow: receivers must give "
                                   "blocks back, or the account needs a higher "
                                   "limit ('keyport regions' says who has them)"
                                 : "; wait until receivers give blocks back "
                                   "('keyport regions' says who has them), or "
                                   "make a larger pool"));
}

void Pool::Trim() { set_->Trim(); }
uint64_t Pool::bytes() const { return set_->bytes(); }
uint64_t Pool::bytes_in_use() const {
  set_->CollectReturns();
  return set_->bytes_in_use();
}

}  // namespace ipc
