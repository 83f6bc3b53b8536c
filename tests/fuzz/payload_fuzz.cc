// Payloads that anybody made up, decoded by a schema that has everything.
#include <capnp/dynamic.h>
#include <capnp/serialize.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "services/decode/interface.h"
#include "tests/fuzz/input.h"

namespace {

constexpr char kSchema[] = R"(@0x9d1f0b7a6c5e4d32;
enum Mode { fast @0; safe @1; }
interface Other { told @0 (); }
struct Tree {
  left @0 :Tree;
  name @1 :Text;
  data @2 :Data;
  mode @3 :Mode;
  union { real @4 :Float64; none @5 :Void; all @6 :List(Tree); }
  other @7 :Other;
  others @8 :List(Other);
  any @9 :AnyPointer;
  bits @10 :List(Bool);
  voids @11 :List(Void);
  names @12 :List(List(Text));
}
interface Fuzzed { walk @0 Tree -> Tree; }
)";

keyport::Interface Load() {
  const std::string file = std::filesystem::temp_directory_path() /
                           ("fuzzed" + std::to_string(getpid()) + ".capnp");
  std::ofstream(file) << kSchema;
  auto loaded = keyport::Interface::Load(file + ":Fuzzed");
  std::filesystem::remove(file);
  if (!loaded.ok()) abort();
  return *std::move(loaded);
}

// A message that is one, with some of its bytes changed.
std::string Damaged(const capnp::StructSchema& schema, fuzz::Input* input) {
  capnp::MallocMessageBuilder message;
  auto at = message.initRoot<capnp::DynamicStruct>(schema);
  for (int depth = input->Byte() % 4; depth > 0; --depth) {
    at.set("name", "name");
    at.init("bits", input->Byte());
    at.init("voids", input->Byte());
    at.init("all", 1 + input->Byte() % 4);
    at.init("others", input->Byte() % 4);
    at = at.init("left").as<capnp::DynamicStruct>();
  }
  const auto words = capnp::messageToFlatArray(message);
  std::string bytes(reinterpret_cast<const char*>(words.begin()),
                    words.asBytes().size());
  for (int i = input->Byte() % 16; i > 0; --i)
    bytes[input->Take<uint16_t>() % bytes.size()] =
        static_cast<char>(input->Byte());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const keyport::Interface fuzzed = Load();
  const auto& schema = fuzzed.Find(0)->request;
  fuzz::Input input(data, size);
  const bool raw = input.Byte() % 4 == 0;
  const std::string bytes =
      raw ? std::string(reinterpret_cast<const char*>(data), size / 8 * 8)
          : Damaged(schema, &input);
  const auto json = keyport::PayloadJson(bytes, schema);
  // A byte of text is up to six of JSON.
  if (json.ok() && keyport::JsonText(*json).size() >
                       6 * keyport::PayloadJsonMost(bytes.size()))
    abort();
  return 0;
}
