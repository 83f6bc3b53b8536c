// store PORT: finds entries by their number.
//
// The planted fault: for a report it goes through all entries and builds the
// text anew for each, and everybody else waits meanwhile.
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "examples/troubles/desk.h"

namespace troubles {
namespace {

constexpr uint64_t kEntries = 2'000;

class Store {
 public:
  Store() {
    for (uint64_t number = 0; number < kEntries; ++number)
      entries_[number] = absl::StrCat("entry ", number);
  }
  std::string Find(std::string_view text) const {
    uint64_t number = 0;
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number))
      return "no number";
    return entries_.at(number % kEntries);
  }
  // Here it is.
  std::string Report() const {
    std::string report;
    for (const auto& [number, entry] : entries_) {
      std::string longer = absl::StrCat(report, entry, "\n");
      report = longer;
    }
    return absl::StrCat(report.size(), " bytes");
  }

 private:
  std::unordered_map<uint64_t, std::string> entries_;
};

absl::Status Run(example::Service& service, const char* port) {
  auto calls = service.TakeReceiver(port);
  if (!calls.ok()) return calls.status();
  const Store store;
  for (;;) {
    auto call = calls->Receive();
    if (!call.ok()) return call.status();
    const std::string answer =
        call->label() == kReport ? store.Report() : store.Find(call->text());
    (void)call->Reply(answer);  // the caller may be gone
  }
}

}  // namespace
}  // namespace troubles

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return example::RunService("store", [&](example::Service& service) {
    return troubles::Run(service, argv[1]);
  });
}
