// What a command says of a recording that it has read to its end.
#pragma once

#include <cstdio>
#include <string>

#include "services/tracer/recording_reader.h"

namespace keyport {

// Tells if the recording was not ended by its recorder; whether it did.
inline bool TellOfEnd(const RecordingReader& reader) {
  const std::string complaint = reader.EndComplaint();
  if (complaint.empty()) return false;
  std::fprintf(stderr, "keyport: %s\n", complaint.c_str());
  return true;
}

}  // namespace keyport
