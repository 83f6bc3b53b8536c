// Descriptors through an AF_UNIX socket.
#pragma once

#include <vector>

#include "libipc/base/unique_fd.h"

namespace bench {

// At most 64, with one byte.
void SendRights(const base::UniqueFd& socket,
                const std::vector<int>& descriptors);
// Exactly so many.
std::vector<base::UniqueFd> ReceiveRights(const base::UniqueFd& socket,
                                          size_t wanted);

}  // namespace bench
