// Runs a fuzz target as an ordinary test: over inputs made from fixed seeds,
// or over the files named (to see a crash again). Used where libFuzzer is not.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr uint32_t kInputs = 1500;
constexpr size_t kInputBytesMax = 1024;

int RunFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fprintf(stderr, "%s cannot be read\n", path);
    return 1;
  }
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  return LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()),
                                bytes.size());
}

// Half of the inputs prefer small bytes, which name calls, handles and steps
// that exist.
std::vector<uint8_t> InputOf(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(random() % kInputBytesMax);
  for (uint8_t& byte : bytes) {
    const bool small = seed % 2 == 0 && random() % 4 != 0;
    byte = static_cast<uint8_t>(random() % (small ? 8 : 256));
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (const int failed = RunFile(argv[i]); failed != 0) return failed;
  if (argc > 1) return 0;
  for (uint32_t seed = 0; seed < kInputs; ++seed) {
    const std::vector<uint8_t> input = InputOf(seed);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  printf("%u inputs\n", kInputs);
  return 0;
}
