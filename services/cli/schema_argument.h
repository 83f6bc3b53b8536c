// --schema, which several commands take.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace keyport {

// Each "PORT=FILE.capnp[:INTERFACE]". `schemas` lives as long as the command.
void AddSchemaArgument(CLI::App* command, std::vector<std::string>* schemas);

}  // namespace keyport
