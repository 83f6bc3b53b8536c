// A table of `keyport top` for a screen of some width.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/cli/top_columns.h"

namespace keyport {

// No wider than the screen: names that are too long for it end with "~",
// figures that do not fit are left out from the right.
struct TopTable {
  std::string heading;
  std::vector<std::string> rows;  // as wide as the screen
};
TopTable LayOut(const std::vector<TopRow>& rows,
                std::span<const TopColumn> shown, size_t columns);

// Printable ASCII, of which each byte takes one place on any terminal, in at
// most so many places.
std::string FitText(std::string_view text, size_t places);

}  // namespace keyport
