#include "services/cli/schema_argument.h"

#include "services/decode/payload_schemas.h"

namespace keyport {

void AddSchemaArgument(CLI::App* command, std::vector<std::string>* schemas) {
  command
      ->add_option("--schema", *schemas,
                   "PORT=FILE.capnp[:INTERFACE]: name this port's methods "
                   "and decode its payloads (also KEYPORT_SCHEMAS)")
      ->type_size(1)
      ->check([](const std::string& word) {
        return IsSchemaWord(word) ? std::string()
                                  : "\"" + word +
                                        "\" is not "
                                        "PORT=FILE.capnp[:INTERFACE]";
      });
}

}  // namespace keyport
