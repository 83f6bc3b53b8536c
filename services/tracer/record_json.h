// A recorded trace record as a JSON object, a line.
#pragma once

#include <string>

#include "services/tracer/recording_decoder.h"

namespace keyport {

std::string RecordJson(const RecordingDecoder::Recorded& recorded,
                       const RecordingDecoder& names);

}  // namespace keyport
