// Bounds of the ABI. A program reads them here; nothing exceeds them.
#pragma once

#include <cstdint>

namespace ipc::abi {

inline constexpr uint32_t kPayloadBytesMax = 65'536;  // inline, a message
inline constexpr uint32_t kMessageHandlesMax = 64;    // a message
inline constexpr uint32_t kRingBytesMin = 4'096;      // a lane's ring
inline constexpr uint32_t kRingBytesMax = 16u << 20;
inline constexpr uint32_t kRingBytesDefault = 256u << 10;
inline constexpr uint32_t kRingBytesGrownDefault = 4u << 20;  // may grow to
inline constexpr uint32_t kCallRingBytes = 64u << 10;   // requests; completions
inline constexpr uint32_t kRequestPayloadMax = 16'384;  // a syscall's payload
inline constexpr uint32_t kNameBytesMax = 48;           // with its final zero
inline constexpr uint32_t kInitialHandlesMax = 128;     // of a new process
inline constexpr uint32_t kBands = 4;                   // of a port
inline constexpr uint32_t kListenersMax = 32;           // of a shareable port
inline constexpr uint32_t kAttachedRegionsMax = 32;     // of a lane's end
inline constexpr uint32_t kLoanPartsMax = 8;            // blocks of a record
inline constexpr uint32_t kLocksMax = 1'024;            // a session uses
inline constexpr uint32_t kStagedTransfersMax = 1'024;  // of a lane
inline constexpr uint32_t kOpenRepliesMax = 1'024;      // of a lane
inline constexpr uint32_t kTopicSubscribersMax = 4'096;  // of a topic
inline constexpr uint32_t kTopicBellsMax = 256;          // of its subscriptions
inline constexpr uint64_t kTopicPatienceMaxNs = 3'600'000'000'000;
inline constexpr uint32_t kTraceRingBytes = 256u << 10;  // of a thread
inline constexpr uint32_t kTraceRingsMax = 128;          // of a session
inline constexpr uint32_t kTracingsMax = 64;             // of a session
inline constexpr uint32_t kTraceLimitedMax = 4;   // limits traced at a time
inline constexpr uint32_t kTraceHeads = 1'024;    // rings of a lossless tracing
inline constexpr uint32_t kTraceRateMax = 4'095;  // flows of a thread's second
inline constexpr uint64_t kTraceWaitMaxNs = 1'000'000'000;  // for its tracer
inline constexpr uint32_t kTraceSnapMax = 65'536;  // bytes of a message
inline constexpr uint64_t kRegionBytesMax = 1ull << 40;
inline constexpr uint32_t kDescriptorsMax = 4;  // with one completion

}  // namespace ipc::abi
