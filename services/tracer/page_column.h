// PageColumn: one field of all messages of an HTML page, as a base64 text of
// LEB128 numbers, which page/data.js takes apart.
#pragma once

#include <cstdint>
#include <string>

namespace keyport {

class PageColumn {
 public:
  // JavaScript's numbers are exact up to here; larger ones become this one.
  static constexpr uint64_t kMost = (uint64_t{1} << 53) - 1;

  void Put(uint64_t number);
  std::string Base64() const;

 private:
  std::string bytes_;
};

}  // namespace keyport
