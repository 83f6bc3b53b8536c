#include "kernel/object/notification.h"

#include <utility>

namespace kernel {

Result<void> Notification::Put(uint64_t word) {
  switch (type) {
    case abi::NotificationKind::bits:
      value |= word;
      break;
    case abi::NotificationKind::counter:
      if (word > ~value) return Error::out_of_range;
      value += word;
      break;
    case abi::NotificationKind::latest:
      value = word;
      fresh_ = true;
      break;
  }
  return {};
}

bool Notification::Has(uint64_t mask) const {
  switch (type) {
    case abi::NotificationKind::bits:
      return (value & mask) != 0;
    case abi::NotificationKind::counter:
      return value != 0;
    case abi::NotificationKind::latest:
      return fresh_;
  }
  return false;
}

uint64_t Notification::Take(uint64_t mask, uint32_t options) {
  switch (type) {
    case abi::NotificationKind::bits: {
      const uint64_t taken = value & mask;
      value &= ~mask;
      return taken;
    }
    case abi::NotificationKind::counter:
      if ((options & abi::kTakeOne) == 0) return std::exchange(value, 0);
      --value;
      return 1;
    case abi::NotificationKind::latest:
      fresh_ = false;
      return value;
  }
  return 0;
}

}  // namespace kernel
