#include "tests/faults/manual.h"

#include <fstream>
#include <sstream>

#include "libipc/base/result.h"

namespace faults {
namespace {

const std::string& Manual() {
  static const std::string text = [] {
    std::ifstream file(KEYPORT_SOURCE_DIR "/docs/abi.md");
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
  }();
  return text;
}

std::string SectionOf(const std::string& call) {
  const std::string head = "### `" + call + "`\n";
  const size_t start = Manual().find(head);
  if (start == std::string::npos) return "";
  const size_t end = Manual().find("\n##", start + head.size());
  return Manual().substr(start, end - start);
}

}  // namespace

std::string NameOf(ipc::abi::Syscall call) {
  switch (call) {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  case ipc::abi::Syscall::name:                     \
    return #name;
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
  }
  return "?";
}

bool IsDocumented(ipc::abi::Syscall call, ipc::abi::Error error) {
  if (error == ipc::abi::Error::quota_exceeded ||
      error == ipc::abi::Error::not_supported)
    return true;
  const std::string name = base::ErrorName(error);
  return SectionOf(NameOf(call)).find('`' + name + '`') != std::string::npos;
}

}  // namespace faults
