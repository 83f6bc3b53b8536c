// Large payloads: copied by Send, or lent without a copy. The receiver looks at
// the beginning, the middle and the end, and answers with the number it found.
#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/shared_memory.h"
#include "bench/data/raw_blocks.h"
#include "bench/data/systems.h"
#include "bench/light/keyport_rig.h"

namespace bench {
namespace {

// A message's label is the number of its block.
void ServeBlocks(ipc::Receiver& receiver) {
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (IsQuit(message)) return;
    const uint64_t number = message.label();
    if (message.payload().size() > 8)
      Expect(IsStamped(message.payload(), number), "the block");
    Must(message.Reply(std::as_bytes(std::span(&number, 1))));
  }
}

bool Answers(const ipc::Message& reply, uint64_t number) {
  return reply.payload().size() == sizeof(number) &&
         memcmp(reply.payload().data(), &number, sizeof(number)) == 0;
}

Times CopyingSends(uint64_t bytes, int rounds, Waits waits) {
  KeyportRig rig(kApart, waits, ServeBlocks);
  std::vector<std::byte> block(bytes, std::byte{1});
  const int64_t clock = ClockNs();
  Times times;
  for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
    StampBlock(block, i);
    const int64_t start = base::NowNs();
    const auto reply =
        Must(rig.sender().Call(block, {.label = static_cast<uint32_t>(i)}));
    times.push_back(base::NowNs() - start - clock);
    Expect(Answers(reply, i), "the answer");
  }
  return times;
}

// The pool's one block, once the receiver has given it back.
ipc::Loan AwaitBlock(KeyportRig& rig, ipc::Pool& pool, uint64_t bytes) {
  auto loan = pool.Allocate(bytes);
  while (!loan.ok()) {
    Must(rig.sender().Call("12345678"));
    loan = pool.Allocate(bytes);
  }
  return *std::move(loan);
}

Times Loans(uint64_t bytes, int rounds) {
  KeyportRig rig(kApart, Waits::kDefault, ServeBlocks);
  ipc::Pool pool = Must(ipc::Pool::Create(rig.kernel().session(), bytes));
  const int64_t clock = ClockNs();
  Times times;
  for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
    ipc::Loan loan = AwaitBlock(rig, pool, bytes);
    StampBlock(loan.bytes(), i);
    const int64_t start = base::NowNs();
    const auto reply =
        Must(rig.sender().CallLoan(loan, {.label = static_cast<uint32_t>(i)}));
    times.push_back(base::NowNs() - start - clock);
    Expect(Answers(reply, i), "the answer");
  }
  return times;
}

// Messages about a block that both have mapped already: what looking at it
// takes when nothing is lent.
Times KnownBlocks(uint64_t bytes, int rounds) {
  const Shared<std::byte> block(bytes);
  const std::span<std::byte> view(block.get(), bytes);
  KeyportRig rig(kApart, Waits::kDefault, [view](ipc::Receiver& receiver) {
    while (true) {
      ipc::Message message = Must(receiver.Receive());
      if (IsQuit(message)) return;
      const uint64_t number = message.label();
      uint64_t offset;
      memcpy(&offset, message.payload().data(), sizeof(offset));
      Expect(IsStamped(view.subspan(offset), number), "the block");
      Must(message.Reply(std::as_bytes(std::span(&number, 1))));
    }
  });
  const int64_t clock = ClockNs();
  Times times;
  for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
    StampBlock(view, i);
    const uint64_t offset = 0;
    const int64_t start = base::NowNs();
    const auto reply =
        Must(rig.sender().Call(std::as_bytes(std::span(&offset, 1)),
                               {.label = static_cast<uint32_t>(i)}));
    times.push_back(base::NowNs() - start - clock);
    Expect(Answers(reply, i), "the answer");
  }
  return times;
}

Times SmallMessages(int rounds) {
  KeyportRig rig(kApart, Waits::kDefault, ServeBlocks);
  const auto call = [&](int i) {
    Must(rig.sender().Call("12345678", {.label = static_cast<uint32_t>(i)}));
  };
  TimeEach(100, call);
  return TimeEach(rounds, call);
}

// The first ones map and touch memory.
Times Warm(Times times) {
  const size_t cold = std::min<size_t>(times.size() / 4, 10);
  times.erase(times.begin(), times.begin() + static_cast<ptrdiff_t>(cold));
  return times;
}

constexpr uint64_t kMiB = 1 << 20;
int CopyRounds(const Pass& pass, uint64_t bytes) {
  return pass.Rounds(bytes >= 64 * kMiB ? 40
                     : bytes >= kMiB    ? 1'000
                                        : 8'000) +
         4;
}

}  // namespace

void MeasureCopies(const Pass& pass) {
  for (const uint64_t bytes : kCopyBytes) {
    if (pass.effort == Effort::kSmoke && bytes > kMiB) continue;
    const int rounds = CopyRounds(pass, bytes);
    const std::string group = CopyGroup(bytes);
    AddTimesOf(pass, {group, kPlainCopy},
               [&] { return Warm(PlainCopies(bytes, rounds)); });
    AddTimesOf(pass, {group, kRawCopy},
               [&] { return Warm(RawBlocks(bytes, rounds, Fill::kCopied)); });
    AddTimesOf(pass, {group, kKeyport}, [&] {
      return Warm(CopyingSends(bytes, rounds, Waits::kDefault));
    });
    AddTimesOf(pass, {group, kKeyportPolling}, [&] {
      return Warm(CopyingSends(bytes, rounds, Waits::kPolling));
    });
  }
}

void MeasureHandOver(const Pass& pass) {
  const int rounds = pass.Rounds(4'000) + 4;
  AddTimesOf(pass, {kSmallMessageGroup, kKeyport},
             [&] { return SmallMessages(rounds); });
  for (const uint64_t bytes : kHandOverBytes) {
    if (pass.effort == Effort::kSmoke && bytes > kMiB) continue;
    if (pass.effort == Effort::kQuick && bytes > 64 * kMiB) continue;
    const std::string group = HandOverGroup(bytes);
    AddTimesOf(pass, {group, kRawHandOver},
               [&] { return Warm(RawBlocks(bytes, rounds, Fill::kInPlace)); });
    AddTimesOf(pass, {group, kKeyportKnownBlock},
               [&] { return Warm(KnownBlocks(bytes, rounds)); });
    AddTimesOf(pass, {group, kKeyport},
               [&] { return Warm(Loans(bytes, rounds)); });
  }
}

}  // namespace bench
