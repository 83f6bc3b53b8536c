#include "kernel/loop/ring.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>

namespace kernel {
namespace {

constexpr unsigned kEntries = 512;
// Linux 6.7; Debian 12's headers do not know them.
constexpr uint8_t kFutexWait = 51;   // IORING_OP_FUTEX_WAIT
constexpr int kFutexWord = 2;        // FUTEX2_SIZE_U32: 32 bits, shared
constexpr uint64_t kFutexAny = ~0u;  // FUTEX_BITSET_MATCH_ANY

std::string KernelRelease() {
  utsname name = {};
  uname(&name);
  return name.release;
}

std::string ExplainPermission() {
  std::ifstream file("/proc/sys/kernel/io_uring_disabled");
  int disabled = 0;
  if (file >> disabled && disabled == 2)
    return "the sysctl kernel.io_uring_disabled is 2: io_uring is switched "
           "off for everybody. Run `sysctl kernel.io_uring_disabled=0` as "
           "root";
  if (disabled == 1)
    return "the sysctl kernel.io_uring_disabled is 1: only root and the "
           "group in kernel.io_uring_group may use io_uring. Run `sysctl "
           "kernel.io_uring_disabled=0` as root, or join that group";
  return "a seccomp filter or security module refuses io_uring_setup (as "
         "containers often do). Allow it in the container's profile, for "
         "example with `--security-opt seccomp=unconfined`";
}

std::string ExplainMemory() {
  rlimit limit = {};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  return "there is not enough memory that may be locked: RLIMIT_MEMLOCK is " +
         std::to_string(limit.rlim_cur) +
         " bytes. Raise it with `ulimit -l unlimited`, or LimitMEMLOCK= in "
         "the systemd unit";
}

std::string Explain(int error) {
  const std::string start = "io_uring cannot be had: ";
  switch (error) {
    case EPERM:
    case EACCES:
      return start + ExplainPermission();
    case ENOSYS:
      return start + "Linux " + KernelRelease() +
             " has none, or a seccomp filter hides it. Linux 5.19 or newer "
             "is needed; in a container, allow io_uring_setup in its "
             "seccomp profile";
    case ENOMEM:
      return start + ExplainMemory();
    case EMFILE:
    case ENFILE:
      return start + "no file descriptors are left. Raise `ulimit -n`";
    default:
      return start + "io_uring_setup on Linux " + KernelRelease() +
             " failed: " + std::strerror(error);
  }
}

}  // namespace

std::unique_ptr<Ring> Ring::Create(std::string* why) {
  std::unique_ptr<Ring> made(new Ring);
  // The best first; an older Linux refuses flags it does not know.
  const unsigned tries[] = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
          IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
          IORING_SETUP_R_DISABLED,
      IORING_SETUP_R_DISABLED, 0};
  int result = -EINVAL;
  for (const unsigned flags : tries) {
    io_uring_params params = {};
    params.flags = flags | IORING_SETUP_CQSIZE;
    params.cq_entries = 8 * kEntries;
    result = io_uring_queue_init_params(kEntries, &made->ring_, &params);
    made->disabled_ = (flags & IORING_SETUP_R_DISABLED) != 0;
    if (result != -EINVAL) break;
  }
  if (result == 0) return made;
  made->ring_.ring_fd = -1;
  *why = Explain(-result);
  return nullptr;
}

Ring::~Ring() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

bool Ring::Has(uint8_t operation) {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring_);
  if (probe == nullptr) return false;
  const bool has = io_uring_opcode_supported(probe, operation) != 0;
  io_uring_free_probe(probe);
  return has;
}

bool Ring::Enable(Means means) {
  // Debian 12's liburing declares io_uring_enable_rings but has none.
  if (disabled_ && syscall(SYS_io_uring_register, ring_.ring_fd,
                           IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0)
    return false;
  if (means == Means::kLeast) return true;
  buffers_ = ReceiveBuffers::Register(&ring_);
  futex_ = Has(kFutexWait);
  return true;
}

io_uring_sqe* Ring::Next() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
  }
  return entry;
}

void Ring::PollReadable(int fd, uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_poll_multishot(entry, fd, POLLIN | POLLRDHUP);
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::PollReadableOnce(int fd, uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_poll_add(entry, fd, POLLIN | POLLRDHUP);
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::PollWritableOnce(int fd, uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_poll_add(entry, fd, POLLOUT);
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::RemovePoll(uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_poll_remove(entry, tag);
  io_uring_sqe_set_data64(entry, 0);
}

void Ring::ReceiveEach(int socket, uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_recv_multishot(entry, socket, nullptr, 0, 0);
  io_uring_sqe_set_flags(entry, IOSQE_BUFFER_SELECT);
  entry->buf_group = ReceiveBuffers::kGroup;
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::Cancel(uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_cancel64(entry, tag, 0);
  io_uring_sqe_set_data64(entry, 0);
}

void Ring::WaitForWord(const uint32_t* word, uint32_t value, uint64_t tag) {
  io_uring_sqe* entry = Next();
  io_uring_prep_nop(entry);
  entry->opcode = kFutexWait;
  entry->fd = kFutexWord;
  entry->addr = reinterpret_cast<uintptr_t>(word);
  entry->addr2 = value;
  entry->addr3 = kFutexAny;
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::Accept(int socket, uint64_t tag) {
  io_uring_sqe* entry = Next();
  const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (accept_multishot_)
    io_uring_prep_multishot_accept(entry, socket, nullptr, nullptr, flags);
  else
    io_uring_prep_accept(entry, socket, nullptr, nullptr, flags);
  io_uring_sqe_set_data64(entry, tag);
}

void Ring::Timer(int64_t ns, uint64_t tag) {
  timeout_ = {.tv_sec = ns / 1'000'000'000, .tv_nsec = ns % 1'000'000'000};
  io_uring_sqe* entry = Next();
  io_uring_prep_timeout(entry, &timeout_, 0, 0);
  io_uring_sqe_set_data64(entry, tag);
}

// Work that Linux does only when it is called, or completions that it had no
// room for.
bool Ring::NeedsCall() const {
  const unsigned flags = std::atomic_ref<unsigned>(*ring_.sq.kflags)
                             .load(std::memory_order_relaxed);
  return (flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

bool Ring::HasNews() const {
  return io_uring_cq_ready(&ring_) > 0 || NeedsCall();
}

Ring::Event Ring::Read(const io_uring_cqe& entry) {
  Event event;
  event.tag = entry.user_data;
  event.result = entry.res;
  event.more = (entry.flags & IORING_CQE_F_MORE) != 0;
  if ((entry.flags & IORING_CQE_F_BUFFER) != 0) {
    const unsigned buffer = entry.flags >> IORING_CQE_BUFFER_SHIFT;
    std::memcpy(event.bytes, buffers_->At(buffer), event.message().size());
    buffers_->Return(buffer);
  }
  return event;
}

size_t Ring::Take(Event* events, size_t count, Wait wait) {
  if (wait == Wait::kForOne && io_uring_cq_ready(&ring_) == 0)
    io_uring_submit_and_wait(&ring_, 1);
  else if (io_uring_sq_ready(&ring_) > 0 || NeedsCall())
    io_uring_submit_and_get_events(&ring_);
  size_t taken = 0;
  unsigned head = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring_, head, entry) {
    if (taken == count) break;
    events[taken++] = Read(*entry);
  }
  io_uring_cq_advance(&ring_, static_cast<unsigned>(taken));
  return taken;
}

}  // namespace kernel
