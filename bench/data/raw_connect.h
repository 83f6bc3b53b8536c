// Connecting without Keyport: to a listening AF_UNIX socket, and then either
// talking over it or over memory and eventfds that were sent through it.
#pragma once

#include "bench/common/figures.h"

namespace bench {

// Each connection is new; its time ends with the first answer. Apart.
Times SocketConnects(int rounds);
Times MemoryConnects(int rounds);

}  // namespace bench
