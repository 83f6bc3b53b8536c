// Reserve: memory held back for when there is none.
//
// The kernel is built without exceptions, so an allocation that fails would
// end it. While a Reserve lives, `operator new` gives the reserve back instead
// (a new-handler) and tries again: whatever was being done is finished, and
// nobody sees a difference. From then on memory is short:
//
//   held --- an allocation fails ---> spent: only calls that free are done,
//     ^                                 |    others are answered with
//     +--- Held() has all of it again --+    quota_exceeded, account 0
//
// So what is done while memory is short must fit into it: one request, what it
// sets going, and the refusals of others.
//
//   a request            256 KiB: process_create with 128 named capabilities,
//                        a new block of storage for these; payloads and answers
//                        are 16 KiB at most. deadlock_check of 1,024 threads
//   a turn's other work  256 KiB: 1,024 steps that free more than they take;
//                        no lanes are opened meanwhile
//   refusals             8.5 MiB: one a turn and session, which makes the
//                        outbox of each of 16,384 longer by a piece at most
//   what is told         the rest, 7 MiB: 50,000 events about what was freed.
//                        A parked watch takes as much as its answer
//
// At the start it is one allocation, untouched but for a page. Once it was
// spent it may have to be held in pieces, because what others freed comes back
// in pieces too, and among them a few that are large enough for a block of
// capabilities. A larger array may find no place then: one of more than 112 KiB
// grows only with thousands of entries (watches on an object, lanes of a
// capability, senders of a port). If one has to grow just when memory ends and
// the pieces lie apart, the kernel process ends.
//
// It helps where Linux says no (RLIMIT_AS, RLIMIT_DATA, strict overcommit). By
// default Linux says yes and kills somebody later; that is for the supervisor
// and oom_score_adj.
//
// Thread: the kernel's. Source: C++ [new.handler].
#pragma once

#include <cstddef>

namespace kernel {

class Reserve {
 public:
  // Small ones find a place between what is in use; all are small enough for
  // malloc to look there at all.
  static constexpr size_t kSmallBytes = 16u << 10;
  static constexpr size_t kSmall = 1024;
  static constexpr size_t kLargeBytes = 112u << 10;
  static constexpr size_t kLarge = 4;
  static constexpr size_t kBytes = kSmall * kSmallBytes + kLarge * kLargeBytes;

  // Takes the memory and installs the handler. One lives at a time: the
  // handler belongs to the process.
  Reserve();
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;
  ~Reserve();

  // Whether all of it is there; takes back what it can. True where no Reserve
  // lives.
  static bool Held();
};

}  // namespace kernel
