#include "services/cli/graph_schemas.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "libipc/base/socket.h"
#include "libipc/base/unique_fd.h"
#include "services/common/runtime_folder.h"
#include "services/decode/interface.h"

namespace keyport {
namespace {

constexpr size_t kFileBytesMost = 1 << 20;

std::string ReadOwn(const std::string& path) {
  const base::UniqueFd file(
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts;
  if (!file.valid() || fstat(file.get(), &facts) != 0 ||
      !S_ISREG(facts.st_mode) || facts.st_uid != geteuid())
    return "";
  std::string text(kFileBytesMost, '\0');
  const ssize_t got = read(file.get(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

bool WriteOwn(const std::string& path, const std::string& text) {
  unlink(path.c_str());  // of a graph before that had this number
  const base::UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
           0600));
  return file.valid() && write(file.get(), text.data(), text.size()) ==
                             static_cast<ssize_t>(text.size());
}

// Nothing where there is no graph, or its file is not this user's own.
std::vector<std::string> SchemasOfGraph(const std::string& socket) {
  const auto path = FindSocket(socket);
  if (!path.ok()) return {};
  std::istringstream text(ReadOwn(*path + std::string(kSchemasEnd)));
  std::vector<std::string> schemas;
  for (std::string line; std::getline(text, line);) schemas.push_back(line);
  return schemas;
}

}  // namespace

std::vector<std::string> SchemasOf(const Manifest& manifest,
                                   const std::string& manifest_path,
                                   std::vector<Problem>* problems) {
  std::vector<std::string> schemas;
  const auto folder =
      std::filesystem::absolute(manifest_path).lexically_normal().parent_path();
  for (const PortSpec& port : manifest.ports) {
    if (port.schema.text.empty()) continue;
    const std::string schema = (folder / port.schema.text).string();
    const auto interface = Interface::Load(schema);
    if (interface.ok())
      schemas.push_back(port.name.text + "=" + schema);
    else
      problems->push_back(
          {port.schema.at, "the schema of port \"" + port.name.text + "\": " +
                               std::string(interface.status().message())});
  }
  return schemas;
}

absl::StatusOr<PayloadSchemas> SchemasGiven(
    const std::vector<std::string>& words) {
  PayloadSchemas schemas;
  for (const std::string& word : words)
    if (absl::Status added = schemas.Add(word); !added.ok()) return added;
  const char* const usual = std::getenv("KEYPORT_SCHEMAS");
  std::istringstream usual_words(usual == nullptr ? "" : usual);
  for (std::string word; usual_words >> word;)
    if (absl::Status added = schemas.AddUsual(word); !added.ok()) return added;
  return schemas;
}

absl::StatusOr<PayloadSchemas> SchemasForGraph(
    const std::vector<std::string>& words, const std::string& socket,
    absl::FunctionRef<void(const absl::Status&)> lacks) {
  auto schemas = SchemasGiven(words);
  if (!schemas.ok()) return schemas;
  for (const std::string& word : SchemasOfGraph(socket))
    if (absl::Status added = schemas->AddUsual(word); !added.ok()) lacks(added);
  return schemas;
}

PublishedSchemas::PublishedSchemas(const std::string& socket,
                                   const std::vector<std::string>& schemas) {
  // A graph that runs there keeps its own: this one will not get the socket.
  if (schemas.empty() || base::ConnectTo(socket).ok()) return;
  std::string text;
  for (const std::string& schema : schemas) text += schema + "\n";
  path_ = socket + std::string(kSchemasEnd);
  if (!WriteOwn(path_, text))
    std::fprintf(stderr,
                 "keyport: tools will not find the graph's schemas: %s: %s\n",
                 path_.c_str(), std::strerror(errno));
}

PublishedSchemas::~PublishedSchemas() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace keyport
