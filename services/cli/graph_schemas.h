// Where tools have their schemas from: they are given, or a manifest names them
// for its ports; those of a graph that runs are in a file beside its socket.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "services/decode/payload_schemas.h"
#include "services/supervisor/manifest.h"

namespace keyport {

// Those of --schema, and then those of the shell's KEYPORT_SCHEMAS for other
// ports. Errors: those of PayloadSchemas::Add.
absl::StatusOr<PayloadSchemas> SchemasGiven(
    const std::vector<std::string>& words);

// The same, and then those of the running graph's manifest for other ports
// (`socket` as in ConnectTool). These are a help: `lacks` is told of each that
// cannot be used.
absl::StatusOr<PayloadSchemas> SchemasForGraph(
    const std::vector<std::string>& words, const std::string& socket,
    absl::FunctionRef<void(const absl::Status&)> lacks);

// Each "PORT=/FOLDER/FILE.capnp[:INTERFACE]"; files are looked for from the
// manifest's folder. Adds a problem for each that cannot be used.
std::vector<std::string> SchemasOf(const Manifest& manifest,
                                   const std::string& manifest_path,
                                   std::vector<Problem>* problems);

// The file, private to its user, as long as this lives. None for no schemas.
// What cannot be written is said: the graph runs all the same.
class PublishedSchemas {
 public:
  PublishedSchemas(const std::string& socket,
                   const std::vector<std::string>& schemas);
  PublishedSchemas(const PublishedSchemas&) = delete;
  PublishedSchemas& operator=(const PublishedSchemas&) = delete;
  ~PublishedSchemas();

 private:
  std::string path_;  // "": none
};

}  // namespace keyport
