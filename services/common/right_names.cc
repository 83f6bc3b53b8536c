#include "services/common/right_names.h"

#include <sstream>

#include "libipc/base/names.h"
#include "services/common/nearest.h"

namespace keyport {

std::vector<std::string> RightNames() {
  std::vector<std::string> names;
  std::istringstream all(base::RightsText(ipc::abi::kRightsAll));
  for (std::string name; std::getline(all, name, '|');) names.push_back(name);
  return names;
}

std::string UnknownRight(std::string_view word) {
  const std::vector<std::string> names = RightNames();
  return "unknown right \"" + std::string(word) + "\"; expected some of " +
         JoinWords(names) + DidYouMean(word, names);
}

}  // namespace keyport
