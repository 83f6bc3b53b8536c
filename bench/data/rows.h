// The groups of rows. Each measures one pass; what is concluded from all passes
// stands in conclusions.cc.
#pragma once

#include <cstdint>
#include <string>

#include "bench/common/figures.h"
#include "bench/common/pass.h"
#include "bench/peers/peer.h"

namespace bench {

void MeasureRoundTrips(const Pass& pass);
void MeasureOneWay(const Pass& pass);
void MeasureFanIn(const Pass& pass);
void MeasureIdleLanes(const Pass& pass);
void MeasureCopies(const Pass& pass);
void MeasureHandOver(const Pass& pass);
void MeasureWakeUp(const Pass& pass);
void MeasureConnect(const Pass& pass);
void MeasureStart(const Pass& pass);
void MeasureCosts(const Pass& pass);

void Conclude(Figures& figures);

// Names of groups and systems, as everybody spells them.
inline constexpr char kKeyport[] = "Keyport";
inline constexpr char kKeyportBatched[] = "Keyport, batched";
inline constexpr char kKeyportInPlace[] = "Keyport, received in place";
inline constexpr char kKeyportPolling[] = "Keyport, polling";
inline constexpr char kKeyportSleeping[] = "Keyport, sleeping";
inline constexpr char kLineSystem[] = "raw cache line";
inline constexpr char kRawEach[] = "raw ring, publishing each";
inline constexpr char kRawBatched[] = "raw ring, publishing every 16";
inline constexpr char kKernelCpuBusy[] =
    "CPU time of the kernel process, a round trip of others";
inline constexpr char kKernelCpuIdle[] =
    "CPU time of the kernel process, nobody talking";

inline constexpr char kRawEachSender[] = "raw ring for each sender";
inline constexpr char kRawCopy[] = "memcpy and raw ring";
inline constexpr char kPlainCopy[] = "memcpy alone";
inline constexpr char kRawHandOver[] = "shared memory and raw ring";
inline constexpr char kKeyportKnownBlock[] =
    "Keyport, message about a block that both have";
inline constexpr char kSmallMessageGroup[] = "message of 8 B and answer";
inline constexpr char kConnectGroup[] = "connect and first round trip";
inline constexpr char kStartGroup[] = "process start to first message";
inline constexpr char kRawConnect[] = "sockets, memfd and 2 eventfds";
inline constexpr uint64_t kCopyBytes[] = {64 << 10, 1 << 20, 64 << 20};
inline constexpr uint64_t kHandOverBytes[] = {
    64, 1 << 10, 8 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20, 1 << 30};
inline constexpr int kIdleUs[] = {10, 200, 1'000, 4'000};

const char* TextOf(Waits waits);
std::string RoundTripGroup(size_t bytes, Waits waits, const Place& place);
std::string OneWayGroup(const Place& place);
// ", a round trip of 64 B, default, apart".
std::string CostsSuffix(Waits waits, const Place& place);
std::string FanInGroup(int senders);
std::string IdleLanesGroup();      // rates
std::string IdleLanesCallGroup();  // round trips
// 10,000, or as many thousands as the kernel process may have descriptors for.
int MostIdleLanes();
std::string LanesSystem(int idle);  // "Keyport, 1,000 idle lanes beside"
std::string CopyGroup(uint64_t bytes);
std::string HandOverGroup(uint64_t bytes);
std::string WakeUpGroup(int idle_us);
std::string SizeText(uint64_t bytes);  // "64 KiB"

}  // namespace bench
