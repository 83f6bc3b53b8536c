// A region that somebody lends from, mapped to read what is lent.
#pragma once

#include <memory>

#include "libipc/abi/lane.h"
#include "libipc/base/memory.h"
#include "session_core.h"

namespace ipc {

// Of the answer {bytes, object id}, descriptor. The kernel process is told when
// the last one to keep it lets go. Errors: quota_exceeded, invalid_args.
base::Result<std::shared_ptr<base::Mapping>> MapLent(
    const std::shared_ptr<SessionCore>& session, const Answer& answer);

}  // namespace ipc
