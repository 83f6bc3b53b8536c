// A listing's JSON, line by line.
#pragma once

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "services/cli/listing.h"

namespace keyport {

// Its line `number`, from 0.
inline nlohmann::json JsonLine(const Listing& listing, int number) {
  std::istringstream lines(listing.json);
  std::string line;
  for (int i = 0; i <= number; ++i) std::getline(lines, line);
  return nlohmann::json::parse(line);
}

}  // namespace keyport
