// Traced payload as text, or in hexadecimal where it is none.
#pragma once

#include <string>
#include <string_view>

#include "services/tracer/message_table.h"

namespace keyport {

// "68656c6c6f"
std::string HexOf(std::string_view bytes);
// The lines below a message's own: what was sent (">") and answered ("<"),
// decoded where it could be.
// Every byte of it may be hostile: none reaches a terminal as it is.
std::string PayloadLines(const TracedMessage& message);

}  // namespace keyport
