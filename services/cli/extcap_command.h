// `keyport extcap`: what Wireshark asks a source of live packets, so that it
// shows running graphs as the interface "Keyport". Source: extcap(4).
#pragma once

#include <string>

#include "services/cli/record_command.h"

namespace keyport {

enum class ExtcapAsks { kNothing, kInterfaces, kLinkTypes, kOptions, kCapture };

struct ExtcapOptions {
  ExtcapAsks asks = ExtcapAsks::kNothing;
  std::string interface;
  RecordOptions record;  // of kCapture; its file is Wireshark's pipe
};
// Returns 0, or 1 after saying what failed.
int RunExtcap(const ExtcapOptions& options);

// Whether Wireshark calls: it names no command.
bool IsExtcapCall(int argc, char** argv);

}  // namespace keyport
