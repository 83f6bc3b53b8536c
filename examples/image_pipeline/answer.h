// What the client is answered: what was done, or a sentence about what is
// wrong with its file. The PNG itself was lent to the client's own port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "examples/image_pipeline/transit.h"

namespace image_pipeline {

struct Answer {
  std::string error;  // nothing else is set
  uint64_t png_bytes = 0;
  Shape shape;
  History history;
};
std::string Encode(const Answer& answer);
// Nothing for malformed bytes.
std::optional<Answer> DecodeAnswer(ipc::Bytes bytes);

}  // namespace image_pipeline
