// Points at which a process can be made to die: every write and atomic access
// to memory that others may see, and every return of a function (thus before
// and after each system call). libipc is built into this program so that the
// compiler calls in at each of them (-fsanitize=thread, without its runtime).
#pragma once

#include <cstdint>

namespace deaths {

enum class StepKind : uint32_t { kAccess, kReturn };
constexpr int kStepKinds = 2;

// Dies at the n-th step of that kind from now on; 0: never.
void DieAt(StepKind kind, uint64_t n);
// Since DieAt.
uint64_t StepsOf(StepKind kind);

}  // namespace deaths
