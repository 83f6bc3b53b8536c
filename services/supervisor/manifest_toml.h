// Reads TOML into a Manifest. The only part that knows the TOML library.
#pragma once

#include <string_view>
#include <vector>

#include "services/supervisor/manifest.h"

namespace keyport {

// Appends what is wrong with form, words and types to `problems`.
void ReadToml(std::string_view text, Manifest* manifest,
              std::vector<Problem>* problems);

}  // namespace keyport
