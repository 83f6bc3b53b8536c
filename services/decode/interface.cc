#include "services/decode/interface.h"

#include <capnp/schema-parser.h>
#include <fcntl.h>
#include <kj/debug.h>
#include <kj/filesystem.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/nearest.h"

namespace keyport {
namespace {

struct Words {
  std::string file;
  std::string interface;  // "": the only one
};

// A file's name may have colons.
Words Split(std::string_view words) {
  const size_t colon = words.rfind(':');
  std::error_code ignored;
  if (colon == std::string_view::npos ||
      std::filesystem::exists(std::string(words), ignored))
    return {std::string(words), ""};
  return {std::string(words.substr(0, colon)),
          std::string(words.substr(colon + 1))};
}

// Of errors that are the schema's the file and line are told with them; others
// come from within the parser.
std::string ErrorText(const kj::Exception& error) {
  const std::string_view file = error.getFile();
  const std::string what = error.getDescription().cStr();
  if (file.starts_with("kj/") || file.starts_with("capnp/")) return what;
  return absl::StrCat("/", error.getFile(), ":", error.getLine() + 1, ": ",
                      what);
}

// By hand: kj's own object for the file system complains on standard error of a
// PWD that is not the current folder.
kj::Own<const kj::ReadableDirectory> OpenRoot() {
  const int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  KJ_REQUIRE(root >= 0, "the root folder cannot be opened");
  return kj::newDiskReadableDirectory(kj::AutoCloseFd(root));
}

absl::Status CheckFile(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored))
    return absl::NotFoundError(
        absl::StrCat("there is no schema \"", file,
                     "\"; expected FILE.capnp or FILE.capnp:INTERFACE"));
  if (access(file.c_str(), R_OK) != 0)
    return absl::PermissionDeniedError(absl::StrCat(
        "cannot read the schema \"", file, "\": ", std::strerror(errno)));
  return absl::OkStatus();
}

absl::StatusOr<capnp::InterfaceSchema> Pick(const capnp::ParsedSchema& schema,
                                            const Words& words) {
  std::vector<std::string> names;
  std::vector<capnp::InterfaceSchema> found;
  for (const capnp::ParsedSchema& nested : schema.getAllNested()) {
    if (!nested.getProto().isInterface()) continue;
    names.emplace_back(nested.getUnqualifiedName().cStr());
    if (words.interface.empty() || words.interface == names.back())
      found.push_back(nested.asInterface());
  }
  if (found.size() == 1) {
    // Its methods' numbers begin at 0, as those of what it extends do.
    if (found.front().getSuperclasses().size() > 0)
      return absl::InvalidArgumentError(absl::StrCat(
          "interface \"", found.front().getShortDisplayName().cStr(),
          "\" extends another: a label would be the number of several methods; "
          "name an interface that has its methods itself"));
    return found.front();
  }
  if (names.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("\"", words.file,
                     "\" has no interface; a port's payloads are told by "
                     "one, whose methods are its labels"));
  if (words.interface.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("\"", words.file,
                     "\" has several interfaces: ", absl::StrJoin(names, ", "),
                     "; say which: ", words.file, ":", names.front()));
  return absl::NotFoundError(
      absl::StrCat("\"", words.file, "\" has no interface \"", words.interface,
                   "\"", DidYouMean(words.interface, names), "; it has ",
                   absl::StrJoin(names, ", ")));
}

const char* TypeName(const capnp::Type& type) {
  switch (type.which()) {
    case capnp::schema::Type::VOID:
      return "Void";
    case capnp::schema::Type::BOOL:
      return "Bool";
    case capnp::schema::Type::INT8:
      return "Int8";
    case capnp::schema::Type::INT16:
      return "Int16";
    case capnp::schema::Type::INT32:
      return "Int32";
    case capnp::schema::Type::INT64:
      return "Int64";
    case capnp::schema::Type::UINT8:
      return "UInt8";
    case capnp::schema::Type::UINT16:
      return "UInt16";
    case capnp::schema::Type::UINT32:
      return "UInt32";
    case capnp::schema::Type::UINT64:
      return "UInt64";
    case capnp::schema::Type::FLOAT32:
      return "Float32";
    case capnp::schema::Type::FLOAT64:
      return "Float64";
    case capnp::schema::Type::TEXT:
      return "Text";
    case capnp::schema::Type::DATA:
      return "Data";
    default:
      return "AnyPointer";
  }
}

std::string TypeText(const capnp::Type& type) {
  const auto name_of = [](const auto& schema) -> std::string {
    return schema.getShortDisplayName().cStr();
  };
  if (type.isList())
    return "List(" + TypeText(type.asList().getElementType()) + ")";
  if (type.isStruct()) return name_of(type.asStruct());
  if (type.isEnum()) return name_of(type.asEnum());
  if (type.isInterface()) return name_of(type.asInterface());
  return TypeName(type);
}

std::string FieldsText(const capnp::StructSchema& schema) {
  std::vector<std::string> fields;
  for (const auto& field : schema.getFields())
    fields.push_back(absl::StrCat(field.getProto().getName().cStr(), " :",
                                  TypeText(field.getType())));
  return "(" + absl::StrJoin(fields, ", ") + ")";
}

}  // namespace

// In this order: a parser wants its folders as long as it lives.
struct Interface::Source {
  kj::Own<const kj::ReadableDirectory> root = OpenRoot();
  kj::Maybe<kj::Own<const kj::ReadableDirectory>> shared =
      root->tryOpenSubdir(kj::Path({"usr", "include"}));
  std::vector<const kj::ReadableDirectory*> imports;
  capnp::SchemaParser parser;

  // Throws kj::Exception.
  capnp::ParsedSchema Parse(const std::string& file) {
    KJ_IF_MAYBE (found, shared) {
      imports.push_back(found->get());
    }
    return parser.parseFromDirectory(
        *root,
        kj::Path(nullptr).evalNative(std::filesystem::absolute(file).string()),
        kj::arrayPtr(imports.data(), imports.size()));
  }
};

Interface::Interface(std::shared_ptr<Source> source,
                     capnp::InterfaceSchema schema)
    : source_(std::move(source)), name_(schema.getShortDisplayName().cStr()) {
  for (const auto& method : schema.getMethods())
    methods_.push_back({method.getOrdinal(), method.getProto().getName().cStr(),
                        method.getParamType(), method.getResultType()});
}

absl::StatusOr<Interface> Interface::Load(std::string_view words) {
  const Words split = Split(words);
  if (absl::Status usable = CheckFile(split.file); !usable.ok()) return usable;
  try {
    auto source = std::make_shared<Source>();
    const auto picked = Pick(source->Parse(split.file), split);
    if (!picked.ok()) return picked.status();
    return Interface(std::move(source), *picked);
  } catch (const kj::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the schema \"", split.file, "\" cannot be used: ", ErrorText(error)));
  }
}

const Interface::Method* Interface::Find(uint32_t label) const {
  const auto found =
      std::find_if(methods_.begin(), methods_.end(),
                   [&](const Method& method) { return method.label == label; });
  return found == methods_.end() ? nullptr : &*found;
}

absl::StatusOr<Interface::Method> Interface::FindNamed(
    const std::string& method) const {
  std::vector<std::string> names;
  for (const Method& one : methods_) {
    if (one.name == method) return one;
    names.push_back(one.name);
  }
  uint32_t label;
  if (absl::SimpleAtoi(method, &label) && Find(label) != nullptr)
    return *Find(label);
  return absl::NotFoundError(absl::StrCat(
      name_, " has no method \"", method, "\"", DidYouMean(method, names),
      "; it has ", absl::StrJoin(names, ", ")));
}

std::string Interface::Text() const {
  std::string text = "interface " + name_ + "\n";
  for (const Method& method : methods_)
    absl::StrAppend(&text, "  ", method.name, " @", method.label, " ",
                    FieldsText(method.request), " -> ",
                    FieldsText(method.answer), "\n");
  return text;
}

}  // namespace keyport
