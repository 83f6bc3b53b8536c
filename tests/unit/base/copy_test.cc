#include "libipc/base/copy.h"

#include <gtest/gtest.h>

#include <vector>

namespace base {
namespace {

// What is around the copy must stay.
TEST(CopyStreaming, CopiesEverySizeFromAndToEveryAlignment) {
  std::vector<uint8_t> from(5'000);
  for (size_t i = 0; i < from.size(); ++i)
    from[i] = static_cast<uint8_t>(i * 7 + 1);
  for (size_t bytes : {0, 1, 15, 63, 64, 65, 127, 128, 1'000, 4'096, 4'700}) {
    for (size_t shift : {0, 1, 8, 31, 63}) {
      for (size_t source : {0, 3, 64, 100}) {
        std::vector<uint8_t> to(5'000, 0xee);
        CopyStreaming(to.data() + shift, from.data() + source, bytes);
        for (size_t i = 0; i < to.size(); ++i) {
          const bool inside = i >= shift && i < shift + bytes;
          ASSERT_EQ(to[i], inside ? from[source + i - shift] : 0xee)
              << bytes << " bytes at " << shift << " from " << source;
        }
      }
    }
  }
}

}  // namespace
}  // namespace base
