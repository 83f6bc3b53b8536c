#include "services/supervisor/manifest_toml.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>
#include <string_view>

#include "libipc/base/names.h"
#include "services/common/right_names.h"
#include "services/supervisor/toml_fields.h"
#include "services/supervisor/toml_limits.h"

namespace keyport {
namespace {

constexpr int64_t kInstancesMax = 256;

uint32_t ReadRingBytes(TomlFields* fields, std::string_view key) {
  return static_cast<uint32_t>(
      fields->Integer(key, {ipc::abi::kRingBytesMin, ipc::abi::kRingBytesMax})
          .value_or(0));
}

std::string BufferingText(ipc::Buffering buffering) {
  return buffering == ipc::Buffering::kRendezvous ? "a rendezvous"
                                                  : "an overwriting port";
}

void ReadBuffering(PortSpec* port, TomlFields* fields) {
  const bool meets = fields->Truth("rendezvous").value_or(false);
  const bool overwrites = fields->Truth("overwriting").value_or(false);
  if (meets && overwrites)
    fields->Note(fields->at(), "a rendezvous in " + fields->where() +
                                   " has nothing to overwrite");
  if (overwrites) port->buffering = ipc::Buffering::kOverwriting;
  if (meets) port->buffering = ipc::Buffering::kRendezvous;
}

void CheckBuffering(const PortSpec& port, TomlFields* fields) {
  if (port.buffering != ipc::Buffering::kQueue &&
      (port.listeners == Listeners::kMany || port.at_full == Full::kFails ||
       port.ring_bytes_max != 0))
    fields->Note(fields->at(), BufferingText(port.buffering) + " in " +
                                   fields->where() +
                                   " can neither be shareable nor fail at "
                                   "full nor grow");
  const uint32_t least = std::bit_ceil(
      port.ring_bytes != 0 ? port.ring_bytes : ipc::abi::kRingBytesDefault);
  if (port.ring_bytes_max != 0 && port.ring_bytes_max < least)
    fields->Note(fields->at(),
                 "ring_bytes_max in " + fields->where() + " is less than the " +
                     std::to_string(least) + " bytes that a queue begins with");
}

PortSpec ReadPort(const Word& name, TomlFields fields) {
  fields.AllowOnly({"ring_bytes", "ring_bytes_max", "shareable", "at_full",
                    "rendezvous", "overwriting", "secret", "new_flows",
                    "schema"});
  PortSpec port = {.name = name};
  port.ring_bytes = ReadRingBytes(&fields, "ring_bytes");
  port.ring_bytes_max = ReadRingBytes(&fields, "ring_bytes_max");
  if (fields.Truth("shareable").value_or(false))
    port.listeners = Listeners::kMany;
  if (fields.OneOf("at_full", {"block", "fail"}) == size_t{1})
    port.at_full = Full::kFails;
  if (fields.Truth("secret").value_or(false))
    port.secrecy = ipc::Secrecy::kSecret;
  if (fields.Truth("new_flows").value_or(false))
    port.flows_from = ipc::FlowOrigin::kPort;
  if (const auto schema = fields.Text("schema")) port.schema = *schema;
  ReadBuffering(&port, &fields);
  CheckBuffering(port, &fields);
  return port;
}

ipc::Rights ReadRights(TomlFields* fields) {
  ipc::Rights rights = 0;
  for (const Word& word : fields->Texts("rights")) {
    if (const auto right = base::RightByName(word.text))
      rights |= *right;
    else
      fields->Note(word.at, UnknownRight(word.text));
  }
  return rights;
}

void ReadUseTable(TomlFields fields, std::vector<UseSpec>* uses) {
  fields.AllowOnly({"port", "rights", "badge", "band", "as"});
  const auto port = fields.Text("port");
  if (fields.table().get("port") == nullptr)
    fields.Note(fields.at(), "a use in " + fields.where() +
                                 " names no port; expected port = \"NAME\"");
  UseSpec use;
  use.rights = ReadRights(&fields);
  if (const auto badge = fields.Integer("badge", {1, TomlFields::kAny}))
    use.badge = static_cast<uint64_t>(*badge);
  if (const auto band = fields.Integer("band", {0, ipc::kBands - 1}))
    use.band = static_cast<uint32_t>(*band);
  const auto as = fields.Text("as");
  if (!port) return;
  use.port = *port;
  use.as = as ? as->text : port->text;
  uses->push_back(std::move(use));
}

// "uses" holds names or tables; [[service.NAME.use]] holds tables.
void ReadUses(TomlFields* fields, std::vector<UseSpec>* uses) {
  for (const char* key : {"uses", "use"}) {
    const toml::node* node = fields->table().get(key);
    if (node == nullptr) continue;
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      fields->NoteType(*node, key, "an array of port names or tables");
      continue;
    }
    for (const toml::node& item : *array) {
      if (const auto* name = item.as_string())
        uses->push_back({.port = {name->get(), PositionOf(item.source())},
                         .as = name->get()});
      else if (const toml::table* table = item.as_table())
        ReadUseTable({*table, fields->where(), fields->problems()}, uses);
      else
        fields->NoteType(item, key, "an array of port names or tables");
    }
  }
}

void NoteNothingTraced(const toml::node& node, TomlFields* fields) {
  fields->Note(PositionOf(node.source()),
               "traces in " + fields->where() +
                   " names nothing to trace; expected \"everything\" or an "
                   "array of port names");
}

void ReadTraces(TomlFields* fields, TraceSpec* traces) {
  const toml::node* node = fields->table().get("traces");
  if (node == nullptr) {
    for (const std::string word : {"payload", "lossless", kTraceLimits})
      if (const toml::node* given = fields->table().get(word))
        fields->Note(PositionOf(given->source()),
                     word + " in " + fields->where() +
                         " says of what traces = ... shows; there is none");
    return;
  }
  traces->payload = fields->Truth("payload").value_or(false);
  traces->lossless = fields->Truth("lossless").value_or(false);
  traces->limits = ReadTraceLimits(fields, traces->payload);
  if (node->is_array()) {
    traces->of = TraceSpec::Of::kPorts;
    traces->ports = fields->Texts("traces");
    if (node->as_array()->empty()) NoteNothingTraced(*node, fields);
  } else if (node->value<std::string>() == "everything") {
    traces->of = TraceSpec::Of::kEverything;
  } else {
    NoteNothingTraced(*node, fields);
  }
}

void ReadVariables(TomlFields* fields, ServiceSpec* service) {
  const toml::table* table = fields->Table("variables");
  if (table == nullptr) return;
  TomlFields variables(*table, "variables of " + fields->where(),
                       fields->problems());
  for (const auto& [key, node] : *table)
    if (const auto text = variables.Text(key.str()))
      service->variables.emplace_back(key.str(), *text);
}

void ReadGraphAccount(TomlFields* fields, Manifest* manifest) {
  const bool shared = fields->Truth("shared").value_or(false);
  const bool has_limits = fields->table().get(kLimits) != nullptr;
  if (shared && !has_limits)
    fields->Note(PositionOf(fields->table().get("shared")->source()),
                 "shared in [graph] has nothing to share; expected "
                 "[graph.limits]");
  if (!has_limits && fields->table().get(kSoftLimits) == nullptr) return;
  ipc::AccountOptions account;
  account.limits = ReadLimits(fields);
  account.soft = ReadSoftLimits(fields, account.limits);
  if (shared) account.sharing = ipc::AccountSharing::kShares;
  manifest->account = account;
}

void ReadGraph(TomlFields fields, Manifest* manifest) {
  fields.AllowOnly({"name", "shared", kLimits, kSoftLimits});
  if (const auto name = fields.Text("name")) {
    manifest->name = name->text;
    if (name->text.empty() || name->text.size() >= ipc::abi::kNameBytesMax)
      fields.Note(name->at, "the graph's name must have 1 to 47 bytes");
  }
  ReadGraphAccount(&fields, manifest);
}

ServiceSpec ReadService(const Word& name, TomlFields fields) {
  fields.AllowOnly({"program", "arguments", "uses", "use", "provides", "traces",
                    "payload", "lossless", "instances", "restart", "job",
                    "variables", kTraceLimits, kLimits, kSoftLimits});
  ServiceSpec service = {.name = name};
  if (const auto program = fields.Text("program")) service.program = *program;
  if (fields.table().get("program") == nullptr)
    fields.Note(name.at, fields.where() +
                             " names no program; expected program = \"NAME\"");
  else if (service.program.at.line != 0 && service.program.text.empty())
    fields.Note(service.program.at, "the program's name is empty");
  service.arguments = fields.Texts("arguments");
  ReadUses(&fields, &service.uses);
  service.provides = fields.Texts("provides");
  ReadTraces(&fields, &service.traces);
  service.instances = static_cast<uint32_t>(
      fields.Integer("instances", {1, kInstancesMax}).value_or(1));
  if (const auto restart =
          fields.OneOf("restart", {"never", "on-failure", "always"}))
    service.restart = static_cast<Restart>(*restart);
  if (fields.Truth("job").value_or(false)) service.role = Role::kJob;
  ReadVariables(&fields, &service);
  service.limits = ReadLimits(&fields);
  service.soft_limits = ReadSoftLimits(&fields, service.limits);
  return service;
}

// Calls `read(name, fields)` for each table under `key`, in the text's order.
template <typename Read>
void ForEachTable(TomlFields* root, std::string_view key, Read&& read) {
  const toml::table* all = root->Table(key);
  if (all == nullptr) return;
  std::vector<std::pair<Word, const toml::table*>> tables;
  for (const auto& [name, node] : *all) {
    const Word word = {std::string(name.str()), PositionOf(name.source())};
    if (node.as_table() != nullptr)
      tables.emplace_back(word, node.as_table());
    else
      root->NoteType(node, std::string(key) + "." + word.text, "a table");
  }
  std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.at.line, a.first.at.column) <
           std::pair(b.first.at.line, b.first.at.column);
  });
  for (const auto& [word, table] : tables)
    read(word,
         TomlFields(*table, "[" + std::string(key) + "." + word.text + "]",
                    root->problems()));
}

void ReadRoot(const toml::table& table, Manifest* manifest,
              std::vector<Problem>* problems) {
  TomlFields root(table, "the manifest", problems);
  root.AllowOnly({"graph", "port", "service"});
  if (const toml::table* graph = root.Table("graph"))
    ReadGraph({*graph, "[graph]", problems}, manifest);
  ForEachTable(&root, "port", [&](const Word& name, TomlFields fields) {
    manifest->ports.push_back(ReadPort(name, fields));
  });
  ForEachTable(&root, "service", [&](const Word& name, TomlFields fields) {
    manifest->services.push_back(ReadService(name, fields));
  });
}

}  // namespace

void ReadToml(std::string_view text, Manifest* manifest,
              std::vector<Problem>* problems) {
  try {
    ReadRoot(toml::parse(text), manifest, problems);
  } catch (const toml::parse_error& error) {
    problems->push_back(
        {PositionOf(error.source()),
         "this is not TOML: " + std::string(error.description())});
  }
}

}  // namespace keyport
