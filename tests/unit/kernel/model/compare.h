// Compares the kernel with the model.
#pragma once

#include "tests/unit/kernel/model/model.h"

namespace model {

// What has changed, and how many there are of each kind. Throws Mismatch.
void CompareTouched(const Model& model, const kernel::Kernel& kernel);
// Everything; and the model with itself: its counts and sums are made anew
// from what exists.
void CompareAll(const Model& model, const kernel::Kernel& kernel);

}  // namespace model
