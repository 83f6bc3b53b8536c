// The running graph in Graphviz's language, for `dot -Tsvg`.
#pragma once

#include <string>
#include <string_view>

#include "services/cli/snapshot.h"

namespace keyport {

// Services are nodes; a lane is an arrow from sender to receiver with its
// port's name; a dashed arrow says who waits for whom.
std::string GraphDot(const Snapshot& snapshot);

// A quoted string of that language.
std::string DotQuoted(std::string_view text);

}  // namespace keyport
