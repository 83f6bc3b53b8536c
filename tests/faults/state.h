// The kernel's whole state as text, a line an object, capability or session.
// Not in it: counters that only ever grow and nobody decides by.
#pragma once

#include <string>

#include "kernel/object/kernel.h"

namespace faults {

std::string DescribeKernel(kernel::Kernel& kernel);
std::string DescribeDone(const ipc::abi::Completion& completion,
                         const std::vector<uint8_t>& payload);

}  // namespace faults
