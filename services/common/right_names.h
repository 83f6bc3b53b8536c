// The names of rights as people type them, and what to say of one that is
// none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keyport {

// In the order of libipc/abi/rights.def.
std::vector<std::string> RightNames();

// `unknown right "Sned"; expected some of Duplicate, ...; did you mean
// "Send"?`
std::string UnknownRight(std::string_view word);

}  // namespace keyport
