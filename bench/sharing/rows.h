// The groups of rows. Each measures one pass; what is concluded from all passes
// stands in conclusions.cc.
#pragma once

#include <string>

#include "bench/common/measured.h"

namespace bench {

void MeasureFanOut(const Pass& pass);
void MeasureBlocks(const Pass& pass);
void MeasureLocks(const Pass& pass);
void MeasureCells(const Pass& pass);

void ConcludeSharing(Figures& figures);

// Names of groups and systems, as everybody spells them.
inline constexpr char kRawRing[] = "raw ring that nobody checks";
inline constexpr char kTopicLossy[] = "Keyport topic, lossy";
inline constexpr char kTopicReliable[] = "Keyport topic, reliable";
inline constexpr char kLaneEach[] = "Keyport, a lane to each";
inline constexpr int kSubscribers[] = {1, 4, 16, 64, 1'000};
inline constexpr int kLanesMost = 64;  // and sleepers
std::string FanOutGroup(int subscribers);
std::string FanOutAsleepGroup(int subscribers);

inline constexpr char kTopicBlock[] = "Keyport topic, a block";
inline constexpr char kLaneBlock[] = "Keyport, the block lent to each";
inline constexpr int kBlockSubscribers[] = {1, 4, 16, 64};
inline constexpr size_t kBlockBytes[] = {4'096, 65'536, 1'048'576};
std::string BlocksGroup(size_t bytes, int subscribers);

enum class Access { kReading, kMixed, kWriting };
inline constexpr Access kAccesses[] = {Access::kReading, Access::kMixed,
                                       Access::kWriting};
const char* TextOf(Access access);
inline constexpr char kRegionLock[] = "Keyport RegionLock";
inline constexpr char kSlotLock[] = "Keyport, its slot alone";
inline constexpr char kRwlock[] = "pthread_rwlock, process-shared";
inline constexpr char kRobustMutex[] = "robust mutex";
inline constexpr int kContenders[] = {1, 2, 8, 32};  // 1: the lock is free
std::string LockGroup(int contenders, Access access);
// Of the mean that a contender got, what the least served had.
std::string LeastServedGroup(int contenders, Access access);

inline constexpr char kCell[] = "Keyport SeqCell";
inline constexpr char kRing[] = "Keyport SeqRing";
inline constexpr char kMemcpy[] = "memcpy, whole or not";
inline constexpr size_t kValueBytes[] = {64, 1'024, 16'384};
enum class Company { kAlone, kTogether };
std::string StoreGroup(size_t bytes, Company company);
std::string LoadGroup(size_t bytes, Company company);
std::string TornGroup(size_t bytes);

}  // namespace bench
