// Everything for talking over ports.
#pragma once

#include "ipc/receiver.h"  // IWYU pragma: export
#include "ipc/sender.h"    // IWYU pragma: export
#include "ipc/session.h"   // IWYU pragma: export
