// Blocks that tell whether they are whole: the label at both ends.
#pragma once

#include <cstring>

#include "ipc/types.h"

namespace deaths {

inline void Mark(std::span<std::byte> block, uint32_t label) {
  std::memcpy(block.data(), &label, sizeof(label));
  std::memcpy(block.data() + block.size() - sizeof(label), &label,
              sizeof(label));
}
inline bool IsMarked(ipc::Bytes block, uint32_t label) {
  return block.size() >= sizeof(label) &&
         std::memcmp(block.data(), &label, sizeof(label)) == 0 &&
         std::memcmp(block.data() + block.size() - sizeof(label), &label,
                     sizeof(label)) == 0;
}

}  // namespace deaths
