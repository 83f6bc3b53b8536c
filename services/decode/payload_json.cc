#include "services/decode/payload_json.h"

#include <capnp/dynamic.h>
#include <capnp/serialize.h>

#include <cmath>
#include <cstring>
#include <new>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/tracer/payload_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNestingMost = 32;
// Pointers that share what they point to are followed so often.
constexpr size_t kReadOver = 4;
constexpr size_t kReadLeastWords = 1024;
// What comes out is counted in bytes, a value as so many.
constexpr size_t kValueBytes = 16;

struct TooMuch {};

// Makes the JSON, as long as it does not become too much: a bit is a value, and
// bytes may be read as a list of structs of any size.
class Maker {
 public:
  explicit Maker(size_t most) : left_(most) {}

  Json Of(const capnp::DynamicStruct::Reader& value) {
    Json object = Json::object();
    for (const auto& field : value.getSchema().getNonUnionFields())
      AddField(value, field, &object);
    KJ_IF_MAYBE (field, value.which()) {
      AddField(value, *field, &object);
    }
    return object;
  }

 private:
  void Spend(size_t bytes) {
    if (bytes > left_) throw TooMuch();
    left_ -= bytes;
  }

  void AddField(const capnp::DynamicStruct::Reader& value,
                const capnp::StructSchema::Field& field, Json* object) {
    // Of pointers, only those that are set; all else has a value.
    if (!value.has(field)) return;
    const auto name = field.getProto().getName();
    Spend(name.size());
    Json& member = (*object)[name.cStr()];
    // Reading a capability needs a table of them, which nobody has here.
    if (field.getType().isInterface())
      member = OfCapability();
    else
      member = Of(value.get(field));
  }

  Json Of(const capnp::DynamicValue::Reader& value) {
    Spend(kValueBytes);
    switch (value.getType()) {
      case capnp::DynamicValue::BOOL:
        return value.as<bool>();
      case capnp::DynamicValue::INT:
        return value.as<int64_t>();
      case capnp::DynamicValue::UINT:
        return value.as<uint64_t>();
      case capnp::DynamicValue::FLOAT:
        return OfFloat(value.as<double>());
      case capnp::DynamicValue::ENUM:
        return OfEnum(value.as<capnp::DynamicEnum>());
      case capnp::DynamicValue::TEXT:
        return OfText(value.as<capnp::Text>());
      case capnp::DynamicValue::DATA:
        return OfData(value.as<capnp::Data>());
      case capnp::DynamicValue::LIST:
        return OfList(value.as<capnp::DynamicList>());
      case capnp::DynamicValue::STRUCT:
        return Of(value.as<capnp::DynamicStruct>());
      case capnp::DynamicValue::ANY_POINTER:
        return "pointer";
      default:
        return nullptr;  // Void, and what this version does not know
    }
  }

  static Json OfFloat(double value) {
    if (std::isfinite(value)) return value;
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }

  static Json OfEnum(const capnp::DynamicEnum& value) {
    KJ_IF_MAYBE (enumerant, value.getEnumerant()) {
      return enumerant->getProto().getName().cStr();
    }
    return value.getRaw();
  }

  Json OfText(const capnp::Text::Reader& text) {
    Spend(text.size());
    return std::string(text.begin(), text.size());
  }

  Json OfData(const capnp::Data::Reader& data) {
    Spend(2 * data.size());
    return "0x" +
           HexOf({reinterpret_cast<const char*>(data.begin()), data.size()});
  }

  Json OfCapability() {
    Spend(kValueBytes);
    return "capability";
  }

  Json OfList(const capnp::DynamicList::Reader& list) {
    Json array = Json::array();
    const bool of_capabilities =
        list.getSchema().whichElementType() == capnp::schema::Type::INTERFACE;
    for (unsigned i = 0; i < list.size(); ++i)
      array.push_back(of_capabilities ? OfCapability() : Of(list[i]));
    return array;
  }

  size_t left_;
};

std::string Text(const kj::Exception& error) {
  return error.getDescription().cStr();
}

}  // namespace

size_t PayloadJsonMost(size_t bytes) { return (64 << 10) + 8 * bytes; }

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
    Json json = Maker(PayloadJsonMost(bytes.size()))
                    .Of(message.getRoot<capnp::DynamicStruct>(schema));
    if (message.getEnd() != words.end())
      return absl::InvalidArgumentError(
          absl::StrCat("behind the Cap'n Proto message stand ",
                       (words.end() - message.getEnd()) * sizeof(capnp::word),
                       " bytes more"));
    return json;
  } catch (const kj::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is no Cap'n Proto message: ", Text(error)));
  } catch (const TooMuch&) {
    return absl::InvalidArgumentError(absl::StrCat(
        "it decodes to more than the ", PayloadJsonMost(bytes.size()),
        " bytes that are shown of a payload of its size"));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        "there is no memory for what it decodes to");
  }
}

std::string JsonText(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace keyport
