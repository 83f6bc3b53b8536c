// writer NAME [dies]: moves money from one account to the other and back.
//
// With `dies` it is killed in the middle of its 20th write. Without, it goes
// on until it has repaired that, and tells how long it had to wait.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "examples/readers_writers/table.h"

namespace {

constexpr int kWrites = 500;
constexpr int kLastWrite = 20;

class Writer {
 public:
  Writer(const char* name, bool dies, table::View view)
      : name_(name), dies_(dies), view_(std::move(view)) {}

  absl::Status Work() {
    while (writes_ < kWrites || !repaired_ || dies_) {
      const uint64_t before = view_.table().reads;
      auto held = view_.lock.LockExclusive();
      if (!held.ok()) return held.status();
      reads_let_in_ = std::max(reads_let_in_, view_.table().reads - before);
      if (held->owner_died()) Repair(*held);
      Write();
    }
    std::printf(
        "%s: %d writes; readers read all the time, but while a writer waited "
        "at most %llu reads began\n",
        name_, writes_, static_cast<unsigned long long>(reads_let_in_));
    return absl::OkStatus();
  }

 private:
  void Repair(ipc::LockGuard& held) {
    table::Table& table = view_.table();
    std::printf("%s: owner_died: a writer was killed, and left %lld + %lld\n",
                name_, static_cast<long long>(table.first),
                static_cast<long long>(table.second));
    table.second = table::kSum - table.first;
    held.Repaired();
    repaired_ = true;
    std::printf("%s: repaired: %lld + %lld\n", name_,
                static_cast<long long>(table.first),
                static_cast<long long>(table.second));
    std::fflush(stdout);
  }
  void Write() {
    table::Table& table = view_.table();
    const int64_t amount = ++writes_ % 2 == 0 ? -10 : 10;
    table.first -= amount;
    if (dies_ && writes_ == kLastWrite) raise(SIGKILL);
    table.second += amount;
  }

  const char* const name_;
  const bool dies_;
  table::View view_;
  int writes_ = 0;
  bool repaired_ = false;
  uint64_t reads_let_in_ = 0;
};

absl::Status Run(int argc, char** argv) {
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) return session.status();
  auto view = table::Open(*session);
  if (!view.ok()) return view.status();
  const bool dies = argc > 2 && std::string_view(argv[2]) == "dies";
  return Writer(argc > 1 ? argv[1] : "writer", dies, *std::move(view)).Work();
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status = Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
