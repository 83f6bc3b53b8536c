// A receiver tries every way that is known to write what it was granted for
// reading: once for each guarantee, each try in a process of its own. What
// counts is what the writer finds afterwards, not what the tries return.
//
// Not tried: ptrace and /proc/PID/mem of the *writer*. Who may trace a process
// of its user needs no shared memory to change its bytes; the sandbox's matter.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ipc/region.h"
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"
#include "tests/conformance/table_doc.h"

namespace ipc {
namespace {

using testing_kit::Must;

constexpr uint64_t kBytes = 16'384;
constexpr uint8_t kGood = 0x47;
constexpr uint8_t kBad = 0xbd;

// What a hostile receiver has in its hands.
struct Loot {
  int fd;
  uint8_t* mapped;  // for reading
};

// A store that may kill who makes it.
void Store(uint8_t* at) {
  const pid_t child = fork();
  if (child == 0) {
    *const_cast<volatile uint8_t*>(at) = kBad;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
}

base::UniqueFd Reopen(const Loot& loot) {
  const std::string path = "/proc/self/fd/" + std::to_string(loot.fd);
  return base::UniqueFd(open(path.c_str(), O_RDWR | O_CLOEXEC));
}

void MapAndStore(int fd) {
  void* at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return;
  *static_cast<uint8_t*>(at) = kBad;
  munmap(at, kBytes);
}

// What comes of a write call is seen by the writer.
void Write(int fd) { (void)!pwrite(fd, &kBad, 1, 0); }

base::UniqueFd FileOfBadBytes() {
  base::UniqueFd file(memfd_create("bad", MFD_CLOEXEC));
  const std::vector<uint8_t> bytes(kBytes, kBad);
  (void)!pwrite(file.get(), bytes.data(), bytes.size(), 0);
  return file;
}

enum class Result { kRefused, kDone };
struct Attempt {
  const char* name;
  void (*make)(const Loot&);
  Result unsealed;  // what comes of it with Guarantee::kNone
};

const Attempt kAttempts[] = {
    {"a store through its mapping",
     [](const Loot& loot) { Store(loot.mapped); }, Result::kRefused},
    {"mprotect, then a store",
     [](const Loot& loot) {
       if (mprotect(loot.mapped, kBytes, PROT_READ | PROT_WRITE) == 0)
         Store(loot.mapped);
     },
     Result::kRefused},
    {"mremap to another place, mprotect, a store",
     [](const Loot& loot) {
       void* at = mremap(loot.mapped, kBytes, 2 * kBytes, MREMAP_MAYMOVE);
       if (at != MAP_FAILED &&
           mprotect(at, kBytes, PROT_READ | PROT_WRITE) == 0)
         Store(static_cast<uint8_t*>(at));
     },
     Result::kRefused},
    {"mmap for writing", [](const Loot& loot) { MapAndStore(loot.fd); },
     Result::kRefused},
    {"pwrite", [](const Loot& loot) { Write(loot.fd); }, Result::kRefused},
    {"reopening through /proc, mmap for writing",
     [](const Loot& loot) { MapAndStore(Reopen(loot).get()); }, Result::kDone},
    {"reopening, pwrite", [](const Loot& loot) { Write(Reopen(loot).get()); },
     Result::kDone},
    {"reopening, sendfile",
     [](const Loot& loot) {
       off_t from = 0;
       (void)!sendfile(Reopen(loot).get(), FileOfBadBytes().get(), &from, 1);
     },
     Result::kDone},
    {"reopening, copy_file_range",
     [](const Loot& loot) {
       off_t from = 0, to = 0;
       (void)!copy_file_range(FileOfBadBytes().get(), &from, Reopen(loot).get(),
                              &to, 1, 0);
     },
     Result::kDone},
    {"reopening, splice from a pipe",
     [](const Loot& loot) {
       int pipe_ends[2];
       if (pipe(pipe_ends) != 0) return;
       const base::UniqueFd out(pipe_ends[0]), in(pipe_ends[1]);
       (void)!write(in.get(), &kBad, 1);
       off_t to = 0;
       (void)!splice(out.get(), nullptr, Reopen(loot).get(), &to, 1, 0);
     },
     Result::kDone},
    {"reopening with O_TRUNC",
     [](const Loot& loot) {
       const std::string path = "/proc/self/fd/" + std::to_string(loot.fd);
       base::UniqueFd(open(path.c_str(), O_RDWR | O_TRUNC | O_CLOEXEC));
     },
     Result::kRefused},
    {"reopening, ftruncate to less",
     [](const Loot& loot) { (void)!ftruncate(Reopen(loot).get(), 0); },
     Result::kRefused},
    {"reopening, ftruncate to more",
     [](const Loot& loot) { (void)!ftruncate(Reopen(loot).get(), 2 * kBytes); },
     Result::kRefused},
    {"reopening, punching a hole",
     [](const Loot& loot) {
       (void)!fallocate(Reopen(loot).get(),
                        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
     },
     Result::kDone},
    {"reopening, allocating beyond the end",
     [](const Loot& loot) {
       (void)!fallocate(Reopen(loot).get(), 0, kBytes, kBytes);
     },
     Result::kRefused},
    {"madvise(MADV_REMOVE)",
     [](const Loot& loot) { madvise(loot.mapped, 4096, MADV_REMOVE); },
     Result::kRefused},
    {"process_vm_writev into its own mapping",
     [](const Loot& loot) {
       uint8_t bad = kBad;
       const iovec from = {&bad, 1};
       const iovec to = {loot.mapped, 1};
       (void)!process_vm_writev(getpid(), &from, 1, &to, 1, 0);
     },
     Result::kRefused},
    {"writing to /proc/self/mem",
     [](const Loot& loot) {
       const base::UniqueFd memory(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
       (void)!pwrite(
           memory.get(), &kBad, 1,
           static_cast<off_t>(reinterpret_cast<uintptr_t>(loot.mapped)));
     },
     Result::kRefused},
    {"reopening, adding or changing seals",
     [](const Loot& loot) {
       (void)fcntl(Reopen(loot).get(), F_ADD_SEALS,
                   F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
     },
     Result::kDone},
};

class HostileReceiver : public Syscalls {
 protected:
  struct Victim {
    Region region;
    Mapping writer;  // empty where nobody can have one
    base::UniqueFd reader;
    int seals;
  };
  Victim MakeVictim(Guarantee guarantee) {
    Region region = Must(Region::Create(world_->root(), kBytes));
    Mapping writer = Must(region.MapWrite());
    std::ranges::fill(writer.bytes(), std::byte{kGood});
    if (guarantee == Guarantee::kSingleWriter) Must(region.SealSingleWriter());
    if (guarantee == Guarantee::kImmutable) {
      writer = Mapping();
      Must(region.SealImmutable());
    }
    Answer map = Call(Syscall::region_map, region.capability().handle());
    base::UniqueFd reader = std::move(map.descriptors.at(0));
    const int seals = fcntl(reader.get(), F_GET_SEALS);
    return {std::move(region), std::move(writer), std::move(reader), seals};
  }
  // In a process that was granted the region for reading.
  void Try(const Victim& victim, const Attempt& attempt) {
    const InitialCapability initial[] = {
        {"region", &victim.region.capability(), kRightRead | kRightMap}};
    auto peer = world_->StartPeer("hostile", initial, [&](Session& session) {
      const Capability region = Must(session.Take("region"));
      const Answer map =
          session.core()->Call(Syscall::region_map, region.handle());
      const int fd = map.descriptors.at(0).get();
      void* at = mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, fd, 0);
      ASSERT_NE(at, MAP_FAILED);
      attempt.make({fd, static_cast<uint8_t*>(at)});
    });
    peer->Join();
  }
  // As the kernel process and the writer have it.
  static Result WhatHappened(const Victim& victim) {
    struct stat status;
    EXPECT_EQ(fstat(victim.reader.get(), &status), 0);
    const Mapping reader = Must(victim.region.MapRead());
    const bool whole =
        status.st_size == static_cast<off_t>(kBytes) &&
        fcntl(victim.reader.get(), F_GET_SEALS) == victim.seals &&
        std::ranges::count(reader.bytes(), std::byte{kGood}) ==
            static_cast<std::ptrdiff_t>(kBytes);
    return whole ? Result::kRefused : Result::kDone;
  }
};

const char* TextOf(Result result) {
  return result == Result::kDone ? "possible" : "refused";
}

TEST_F(HostileReceiver, ChangesNothingThatIsSealed) {
  for (const Guarantee guarantee :
       {Guarantee::kSingleWriter, Guarantee::kImmutable})
    for (const Attempt& attempt : kAttempts) {
      const Victim victim = MakeVictim(guarantee);
      Try(victim, attempt);
      EXPECT_EQ(WhatHappened(victim), Result::kRefused)
          << attempt.name << ", " << GuaranteeName(guarantee);
      if (victim.writer.valid()) {
        // The writer goes on.
        victim.writer.bytes()[0] = std::byte{1};
        EXPECT_EQ(Must(victim.region.MapRead()).bytes()[0], std::byte{1});
      }
    }
}

// Why a grant without seal is not called read-only.
TEST_F(HostileReceiver, ChangesWhatIsNotSealedAsFarAsTheTableSays) {
  for (const Attempt& attempt : kAttempts) {
    const Victim victim = MakeVictim(Guarantee::kNone);
    Try(victim, attempt);
    EXPECT_STREQ(TextOf(WhatHappened(victim)), TextOf(attempt.unsealed))
        << attempt.name;
  }
}

TEST_F(HostileReceiver, CannotForbidOthersToMapIt) {
  const Victim victim = MakeVictim(Guarantee::kSingleWriter);
  EXPECT_EQ(fchmod(victim.reader.get(), 0), 0);
  EXPECT_TRUE(victim.region.MapRead().ok());
}

TEST_F(HostileReceiver, IsTheTableInTheDocument) {
  std::vector<std::string> rows = {
      TableRow({"attempt", "none", "single writer", "immutable"})};
  for (const Attempt& attempt : kAttempts)
    rows.push_back(TableRow(
        {attempt.name, TextOf(attempt.unsealed), "refused", "refused"}));
  ExpectInDocument("regions.md", rows);
}

}  // namespace
}  // namespace ipc
