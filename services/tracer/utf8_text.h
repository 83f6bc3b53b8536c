// Words and JSON from another process, fit for formats that take nothing but
// UTF-8.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "services/common/text_table.h"

namespace keyport {

// Control characters as "?", and what is no UTF-8 as U+FFFD.
inline std::string Utf8Text(std::string_view text) {
  using nlohmann::json;
  return json::parse(json(Printable(text))
                         .dump(-1, ' ', false, json::error_handler_t::replace))
      .get<std::string>();
}

// An object of JSON Lines; what is no UTF-8 in it as above.
inline std::string LineOf(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false,
                     nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace keyport
