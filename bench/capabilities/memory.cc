// The kernel process's memory: at its start, and per object. Each object is
// measured in a kernel process of its own.
#include <unistd.h>

#include <string>

#include "bench/capabilities/many.h"
#include "bench/capabilities/process_memory.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"

namespace bench {
namespace {

using ipc::Capability;
using ipc::abi::Syscall;

constexpr int kProcesses = 1'000;  // sessions, lanes

struct Growth {
  double heap = 0;         // private memory of the kernel process
  double memfds = 0;       // shared pages, its own and its clients'
  double descriptors = 0;  // open in the kernel process
};

// What `make` adds, for each of `count`.
template <typename Make>
Growth GrowthOf(KernelProcess& kernel, int count, const Make& make) {
  const auto shared = [&] { return MemfdBytes({kernel.pid(), getpid()}); };
  const ProcessMemory before = MemoryOf(kernel.pid());
  const uint64_t shared_before = shared();
  const uint64_t open_before = DescriptorsOf(kernel.pid());
  make();
  // What was asked for and not waited for is done, too.
  CallOne(kernel.session(), {Syscall::session_info, ipc::abi::kNoHandle});
  const ProcessMemory after = MemoryOf(kernel.pid());
  const auto each = [count](uint64_t later, uint64_t earlier) {
    return (static_cast<double>(later) - static_cast<double>(earlier)) / count;
  };
  return {each(after.anonymous, before.anonymous),
          each(shared(), shared_before),
          each(DescriptorsOf(kernel.pid()), open_before)};
}

void MeasureStart(Figures& figures) {
  KernelProcess kernel;
  const ProcessMemory memory = MemoryOf(kernel.pid());
  const auto kib = [](uint64_t bytes) {
    return static_cast<double>(bytes) / 1024;
  };
  figures.Add("kernel process at start, private dirty", "KiB",
              kib(memory.private_dirty));
  figures.Add("kernel process at start, proportional (PSS)", "KiB",
              kib(memory.proportional));
  figures.Add("kernel process at start, resident (RSS)", "KiB",
              kib(memory.resident));
}

void MeasureHandles(Figures& figures, int count) {
  KernelProcess kernel;
  const Capability port = Must(kernel.session().CreatePort({}));
  const Growth each = GrowthOf(kernel, count, [&] {
    DuplicateMany(kernel.session(), port.handle(), static_cast<size_t>(count));
  });
  figures.Add("memory of a handle, of " + std::to_string(count), "B",
              each.heap);
}

void MeasurePorts(Figures& figures, int count) {
  KernelProcess kernel;
  const ipc::Handle account = kernel.account().handle();
  const Growth each = GrowthOf(kernel, count, [&] {
    CallMany(
        kernel.session(), static_cast<size_t>(count),
        [&](size_t) {
          return OneCall{Syscall::port_create, account};
        },
        [](size_t, const ipc::Answer&) {});
  });
  figures.Add("memory of an idle port with its handle", "B", each.heap);
}

void MeasureIdleSessions(Figures& figures) {
  KernelProcess kernel;
  std::vector<ipc::Session> sessions;
  const Growth each = GrowthOf(kernel, kProcesses, [&] {
    for (int i = 0; i < kProcesses; ++i)
      sessions.push_back(kernel.NewSession("idle"));
  });
  figures.Add("memory of an idle session, kernel process's own", "B",
              each.heap);
  figures.Add("memory of an idle session, call ring's memfds", "B",
              each.memfds);
  figures.Add("descriptors of an idle session in the kernel process", "",
              each.descriptors);
}

// Lanes that have carried one message each, both ends in this process.
void MeasureLanes(Figures& figures) {
  KernelProcess kernel;
  const Capability port = Must(kernel.session().CreatePort({}));
  ipc::Receiver receiver =
      Must(ipc::Receiver::Create(Must(port.Duplicate(ipc::kRightReceive))));
  std::vector<Capability> capabilities;
  for (const ipc::Handle handle :
       DuplicateMany(kernel.session(), port.handle(), kProcesses))
    capabilities.emplace_back(kernel.session().core(), handle);
  std::vector<ipc::Sender> senders;
  const Growth each = GrowthOf(kernel, kProcesses, [&] {
    for (Capability& capability : capabilities) {
      senders.push_back(Must(ipc::Sender::Create(std::move(capability))));
      Must(senders.back().Send("x"));
      Expect(Must(receiver.Receive()).text() == "x", "the message");
    }
  });
  figures.Add("memory of an idle lane, kernel process's own", "B", each.heap);
  figures.Add("memory of an idle lane, its memfds", "B", each.memfds);
  figures.Add("descriptors of an idle lane in the kernel process", "",
              each.descriptors);
}

}  // namespace

void MeasureMemory(Figures& figures, Effort effort) {
  MeasureStart(figures);
  MeasureHandles(figures, 100'000);
  if (!effort.quick) MeasureHandles(figures, 1'000'000);
  MeasurePorts(figures, effort.quick ? 20'000 : 100'000);
  MeasureIdleSessions(figures);
  MeasureLanes(figures);
}

void ConcludeMemory(Figures& figures) {
  const auto conclude = [&figures](const std::string& name, const char* unit,
                                   double value, Bar bar) {
    figures.Conclude(name, unit, value, bar);
  };
  for (const char* name : {"kernel process at start, private dirty",
                           "kernel process at start, resident (RSS)"})
    if (figures.Has(name))
      conclude(name, "MB", figures.Median(name) * 1024 / 1e6, AtMost(4, 8));
  for (const int count : {100'000, 1'000'000}) {
    const std::string name = "memory of a handle, of " + std::to_string(count);
    if (figures.Has(name))
      conclude(name, "B", figures.Median(name), AtMost(48, 96));
  }
  const std::string port = "memory of an idle port with its handle";
  if (!figures.Has(port)) return;
  const double handle = figures.Median("memory of a handle, of 100000");
  conclude("memory of an idle port without its handle", "B",
           figures.Median(port) - handle, AtMost(512, 1024));
  conclude("memory of an idle lane, with its memfds", "KiB",
           (figures.Median("memory of an idle lane, kernel process's own") +
            figures.Median("memory of an idle lane, its memfds")) /
               1024,
           AtMost(16, 32));
}

}  // namespace bench
