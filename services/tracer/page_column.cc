#include "services/tracer/page_column.h"

#include <algorithm>

#include "absl/strings/escaping.h"

namespace keyport {

void PageColumn::Put(uint64_t number) {
  number = std::min(number, kMost);
  for (; number >= 0x80; number >>= 7)
    bytes_.push_back(static_cast<char>(0x80 | (number & 0x7f)));
  bytes_.push_back(static_cast<char>(number));
}

std::string PageColumn::Base64() const { return absl::Base64Escape(bytes_); }

}  // namespace keyport
