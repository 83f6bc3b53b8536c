#include "bench/sharing/rows.h"

namespace bench {
namespace {

std::string Text(Company company, const char* other) {
  if (company == Company::kAlone) return "alone";
  return std::string("while another process ") + other + " without a pause";
}

std::string Contended(int contenders, Access access) {
  const std::string who =
      contenders == 1 ? "free" : std::to_string(contenders) + " processes";
  return who + ", " + TextOf(access);
}

}  // namespace

std::string FanOutGroup(int subscribers) {
  return "publishing 64 B, busy, " + std::to_string(subscribers) +
         " subscribers";
}
std::string FanOutAsleepGroup(int subscribers) {
  return "publishing 64 B, all asleep, " + std::to_string(subscribers) +
         " subscribers";
}

std::string BlocksGroup(size_t bytes, int subscribers) {
  return "publishing a block of " + std::to_string(bytes / 1024) + " KiB, " +
         std::to_string(subscribers) + " subscribers";
}

const char* TextOf(Access access) {
  switch (access) {
    case Access::kReading:
      return "only reading";
    case Access::kMixed:
      return "1 in 10 writes";
    default:
      return "only writing";
  }
}

std::string LockGroup(int contenders, Access access) {
  return "lock and unlock, " + Contended(contenders, access);
}
std::string LeastServedGroup(int contenders, Access access) {
  return "the least served had of an equal share, " +
         Contended(contenders, access);
}

std::string StoreGroup(size_t bytes, Company company) {
  return "storing " + std::to_string(bytes) + " B, " + Text(company, "loads");
}
std::string LoadGroup(size_t bytes, Company company) {
  return "loading and checking " + std::to_string(bytes) + " B, " +
         Text(company, "stores");
}
std::string TornGroup(size_t bytes) {
  return "torn loads of " + std::to_string(bytes) + " B";
}

}  // namespace bench
