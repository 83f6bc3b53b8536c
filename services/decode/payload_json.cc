#include "services/decode/payload_json.h"

#include <capnp/dynamic.h>
#include <capnp/serialize.h>

#include <cmath>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/tracer/payload_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNestingMost = 32;
// Sharing pointers may be read this many times over.
constexpr size_t kReadOver = 4;
constexpr size_t kReadLeastWords = 1024;

Json ToJson(const capnp::DynamicStruct::Reader& value);
Json ToJson(const capnp::DynamicList::Reader& list);

Json FloatJson(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

Json EnumJson(const capnp::DynamicEnum& value) {
  KJ_IF_MAYBE (enumerant, value.getEnumerant()) {
    return enumerant->getProto().getName().cStr();
  }
  return value.getRaw();
}

Json ToJson(const capnp::DynamicValue::Reader& value) {
  switch (value.getType()) {
    case capnp::DynamicValue::BOOL:
      return value.as<bool>();
    case capnp::DynamicValue::INT:
      return value.as<int64_t>();
    case capnp::DynamicValue::UINT:
      return value.as<uint64_t>();
    case capnp::DynamicValue::FLOAT:
      return FloatJson(value.as<double>());
    case capnp::DynamicValue::ENUM:
      return EnumJson(value.as<capnp::DynamicEnum>());
    case capnp::DynamicValue::TEXT: {
      const auto text = value.as<capnp::Text>();
      return std::string(text.begin(), text.size());
    }
    case capnp::DynamicValue::DATA: {
      const auto data = value.as<capnp::Data>();
      return "0x" +
             HexOf({reinterpret_cast<const char*>(data.begin()), data.size()});
    }
    case capnp::DynamicValue::LIST:
      return ToJson(value.as<capnp::DynamicList>());
    case capnp::DynamicValue::STRUCT:
      return ToJson(value.as<capnp::DynamicStruct>());
    case capnp::DynamicValue::ANY_POINTER:
      return "pointer";
    default:
      return nullptr;  // Void, and what this version does not know
  }
}

Json ToJson(const capnp::DynamicList::Reader& list) {
  Json array = Json::array();
  // Reading a capability needs a table of them, which nobody has here.
  if (list.getSchema().whichElementType() == capnp::schema::Type::INTERFACE) {
    for (unsigned i = 0; i < list.size(); ++i) array.push_back("capability");
    return array;
  }
  for (const auto& element : list) array.push_back(ToJson(element));
  return array;
}

void AddField(const capnp::DynamicStruct::Reader& value,
              const capnp::StructSchema::Field& field, Json* object) {
  const char* name = field.getProto().getName().cStr();
  // Of pointers, only those that are set; all else has a value.
  if (!value.has(field)) return;
  if (field.getType().isInterface())
    (*object)[name] = "capability";
  else
    (*object)[name] = ToJson(value.get(field));
}

Json ToJson(const capnp::DynamicStruct::Reader& value) {
  Json object = Json::object();
  for (const auto& field : value.getSchema().getNonUnionFields())
    AddField(value, field, &object);
  KJ_IF_MAYBE (field, value.which()) {
    AddField(value, *field, &object);
  }
  return object;
}

std::string Text(const kj::Exception& error) {
  return error.getDescription().cStr();
}

}  // namespace

absl::StatusOr<Json> PayloadJson(std::string_view bytes,
                                 capnp::StructSchema schema) {
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0)
    return absl::InvalidArgumentError(
        absl::StrCat("its size, ", bytes.size(),
                     " bytes, is not one of a Cap'n Proto message: these have "
                     "a multiple of 8"));
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), bytes.size());
  capnp::ReaderOptions options;
  options.traversalLimitInWords = kReadLeastWords + kReadOver * words.size();
  options.nestingLimit = kNestingMost;
  try {
    capnp::FlatArrayMessageReader message(words, options);
    const Json json = ToJson(message.getRoot<capnp::DynamicStruct>(schema));
    if (message.getEnd() != words.end())
      return absl::InvalidArgumentError(
          absl::StrCat("behind the Cap'n Proto message stand ",
                       (words.end() - message.getEnd()) * sizeof(capnp::word),
                       " bytes more"));
    return json;
  } catch (const kj::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is no Cap'n Proto message: ", Text(error)));
  }
}

}  // namespace keyport
