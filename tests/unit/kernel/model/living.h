// Living: which of the model's capabilities live in the kernel, at one moment.
#pragma once

#include <unordered_map>

#include "kernel/object/kernel.h"
#include "tests/unit/kernel/model/state.h"

namespace model {

// Valid as long as the kernel does nothing.
class Living {
 public:
  explicit Living(const kernel::Kernel& kernel)
      : kernel_(const_cast<kernel::Kernel&>(kernel)) {}
  // Null: it is gone.
  const kernel::Capability* Find(const Cap& cap) const;
  bool Has(const Cap& cap) const { return Find(cap) != nullptr; }
  bool HasSession(uint64_t id) const {
    return kernel_.FindSession(id) != nullptr;
  }
  const kernel::Kernel& kernel() const { return kernel_; }
  const kernel::CapabilityTree& tree() const { return kernel_.tree(); }
  // Every one, by serial: as object_list walks them.
  using BySerial = std::unordered_map<uint64_t, const kernel::Capability*>;
  const BySerial& all() const;

 private:
  const kernel::Capability* FindInFlight(const Cap& cap) const;

  kernel::Kernel& kernel_;
  mutable BySerial all_;  // once it was asked for
};

}  // namespace model
