#include "tests/unit/kernel/model/log.h"

#include <cinttypes>
#include <cstdio>
#include <sstream>

#include "libipc/base/result.h"

namespace model {

const char* CallName(uint32_t number) {
  switch (number) {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  case number:                                      \
    return #name;
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
    default:
      return "no such call";
  }
}

std::string TextOf(const Answer& answer) {
  std::ostringstream text;
  text << base::ErrorName(answer.error) << std::hex << " {";
  for (const uint64_t value : answer.values) text << " " << value;
  text << " }" << std::dec << " payload " << answer.payload.size()
       << " descriptors " << answer.descriptors;
  if (answer.parked) text << " parked";
  return text.str();
}

void Log::Add(Entry entry) {
  entry.step = steps_;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kKept) entries_.pop_front();
}

void Log::Asked(uint64_t session, const Request& request) {
  ++steps_;
  Entry entry;
  entry.session = session;
  entry.request = request;
  Add(std::move(entry));
}

void Log::Answered(uint64_t session, uint64_t user_data, const Answer& answer) {
  for (Entry& entry : entries_)
    if (entry.session == session && entry.did == nullptr &&
        entry.request.head.user_data == user_data) {
      entry.answered = true;
      entry.answer = answer;
    }
}

void Log::Did(const char* what, uint64_t session) {
  Entry entry;
  entry.session = session;
  entry.did = what;
  Add(std::move(entry));
}

void Log::Print(const Entry& entry) {
  if (entry.did != nullptr) {
    std::printf("%8" PRIu64 "  %s %" PRIu64 "\n", entry.step, entry.did,
                entry.session);
    return;
  }
  const abi::Request& head = entry.request.head;
  std::printf("%8" PRIu64 "  session %" PRIu64
              " %s(%x, options %x, args %" PRIx64 " %" PRIx64 " %" PRIx64
              " %" PRIx64 ", reserved %x %" PRIx64 ", payload %zu) -> %s\n",
              entry.step, entry.session, CallName(head.number), head.handle,
              head.options, head.args[0], head.args[1], head.args[2],
              head.args[3], head.reserved, head.reserved2,
              entry.request.payload.size(),
              entry.answered ? TextOf(entry.answer).c_str() : "?");
}

void Log::Print() const {
  std::printf("the last that was done:\n");
  for (const Entry& entry : entries_) Print(entry);
}

}  // namespace model
