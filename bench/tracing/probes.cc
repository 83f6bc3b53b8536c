// What a probe in a program costs it: a USDT probe that somebody listens to is
// a uprobe, a breakpoint at which Linux takes over.
#include <link.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "bench/common/must.h"
#include "bench/common/timing.h"
#include "bench/tracing/rows.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

// What stands for a trace point.
__attribute__((noinline)) void Probed() { asm volatile("nop" : : : "memory"); }

double ProbedNs(int rounds) {
  return TimeAll([&] {
           for (int i = 0; i < rounds; ++i) Probed();
         }) /
         rounds;
}

// Where a function of this program stands in its file.
uint64_t OffsetInFile(const void* function) {
  struct Search {
    uintptr_t at;
    uint64_t offset;
  } search = {reinterpret_cast<uintptr_t>(function), 0};
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* data) {
        auto* const of = static_cast<Search*>(data);
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = object->dlpi_phdr[i];
          const uintptr_t begin = object->dlpi_addr + part.p_vaddr;
          if (part.p_type != PT_LOAD || of->at < begin ||
              of->at >= begin + part.p_memsz)
            continue;
          of->offset = of->at - begin + part.p_offset;
          return 1;
        }
        return 0;
      },
      &search);
  return search.offset;
}

// Linux's number for events of this kind; 0: it has none.
uint32_t UprobeType() {
  std::FILE* const file =
      std::fopen("/sys/bus/event_source/devices/uprobe/type", "re");
  if (file == nullptr) return 0;
  uint32_t type = 0;
  if (std::fscanf(file, "%u", &type) != 1) type = 0;
  std::fclose(file);
  return type;
}

base::UniqueFd ListenToProbed() {
  perf_event_attr attributes = {};
  attributes.type = UprobeType();
  attributes.size = sizeof(attributes);
  attributes.uprobe_path = reinterpret_cast<uint64_t>("/proc/self/exe");
  attributes.probe_offset =
      OffsetInFile(reinterpret_cast<const void*>(&Probed));
  return base::UniqueFd(static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0)));
}

}  // namespace

void MeasureProbes(const Pass& pass) {
  if (UprobeType() == 0 || !ListenToProbed().valid()) {
    std::fputs("no uprobes here, or not for this user: left out\n", stderr);
    return;
  }
  const int rounds = pass.Rounds(100'000);
  AddEachOf(pass, {{{kProbe, kOff}, "ns"}, {{kProbe, kUprobe}, "ns"}}, [&] {
    const double off = ProbedNs(rounds * 10);
    const base::UniqueFd listening = ListenToProbed();
    const double on = ProbedNs(rounds);
    uint64_t count = 0;
    Expect(read(listening.get(), &count, sizeof(count)) == sizeof(count) &&
               count == static_cast<uint64_t>(rounds),
           "a probe was not counted");
    return std::vector{off, on};
  });
}

}  // namespace bench
