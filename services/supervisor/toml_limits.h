// Limits in TOML tables: of an account, `limits` and `soft_limits`, each with
// the items' names as keys (libipc/abi/account_items.def), and of rights to
// trace, `trace_limits`.
#pragma once

#include "services/supervisor/toml_fields.h"

namespace keyport {

inline constexpr char kLimits[] = "limits";
inline constexpr char kSoftLimits[] = "soft_limits";
inline constexpr char kTraceLimits[] = "trace_limits";

// Nothing is limited where the table is absent.
ipc::AccountLimits ReadLimits(TomlFields* fields);
// `limits` are the same account's: a soft limit above is a problem, since it
// would never be reached.
ipc::AccountLimits ReadSoftLimits(TomlFields* fields,
                                  ipc::AccountLimits limits);
// Of a service that may trace, with payload or without. Nothing is limited
// where the table is absent.
ipc::TraceLimits ReadTraceLimits(TomlFields* fields, bool payload);

}  // namespace keyport
