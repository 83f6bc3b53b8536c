#include <gtest/gtest.h>

#include "tests/testing/world.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  testing_kit::TakeFlavour(argc, argv);
  return RUN_ALL_TESTS();
}
