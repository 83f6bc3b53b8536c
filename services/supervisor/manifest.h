// A service graph as its manifest describes it (docs/manifest.md), and the
// checks that need nothing but the text. Never looks at files or variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/capability.h"
#include "ipc/process.h"
#include "ipc/session.h"
#include "ipc/types.h"

namespace keyport {

// Where something stands in the manifest, counted from 1; 0: nowhere.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

// Text and where it stands.
struct Word {
  std::string text;
  Position at;
};

// What is wrong, and what was expected.
struct Problem {
  Position at;
  std::string text;
  bool is_need = false;  // only a ${NAME} without a value
};

enum class Restart { kNever, kOnFailure, kAlways };
enum class Full { kBlocks, kFails };
enum class Listeners { kOne, kMany };
enum class Role { kHelper, kJob };

struct PortSpec {
  Word name;
  uint32_t ring_bytes = 0;      // 0: the default
  uint32_t ring_bytes_max = 0;  // 0: the default, or as ring_bytes
  Listeners listeners = Listeners::kOne;
  Full at_full = Full::kBlocks;
  ipc::Buffering buffering = ipc::Buffering::kQueue;
  ipc::Secrecy secrecy = ipc::Secrecy::kOpen;
  ipc::FlowOrigin flows_from = ipc::FlowOrigin::kSender;
  Word schema;  // FILE.capnp[:INTERFACE] of its payloads; "": none is told
};

struct UseSpec {
  Word port;
  std::string as;                 // the service's name for it
  ipc::Rights rights = 0;         // besides Send and Wait
  std::optional<uint64_t> badge;  // none: a number of the instance's own
  uint32_t band = 0;              // of the badge
};

// What a service may trace, besides what it sends and receives itself.
struct TraceSpec {
  enum class Of { kNothing, kPorts, kEverything };
  Of of = Of::kNothing;
  std::vector<Word> ports;  // of kPorts
  bool payload = false;
  bool lossless = false;  // others may be made to wait for it
  ipc::TraceLimits limits;
  bool any() const { return of != Of::kNothing; }
};

struct ServiceSpec {
  Word name;
  Word program;
  std::vector<Word> arguments;
  std::vector<UseSpec> uses;
  std::vector<Word> provides;
  TraceSpec traces;
  uint32_t instances = 1;
  Restart restart = Restart::kNever;
  Role role = Role::kHelper;
  std::vector<std::pair<std::string, Word>> variables;
  ipc::AccountLimits limits;
  ipc::AccountLimits soft_limits;
};

// Ports and services stand in the order of the text.
struct Manifest {
  std::string path;
  std::string name;
  // Of the whole graph; none: its accounts stand right below the root.
  std::optional<ipc::AccountOptions> account;
  std::vector<PortSpec> ports;
  std::vector<ServiceSpec> services;

  const PortSpec* FindPort(std::string_view port) const;
};

struct ParsedManifest {
  Manifest manifest;
  std::vector<Problem> problems;  // ordered by position
};

// Reads the text and checks it: form, words, types, and whether the ports and
// services fit together. `path` is for messages only.
ParsedManifest ParseManifest(const std::string& path, std::string_view text);
// The same of a file. One problem when it cannot be read.
ParsedManifest LoadManifest(const std::string& path);

// Whether ports and services fit together; appends what does not.
void CheckGraph(const Manifest& manifest, std::vector<Problem>* problems);

// "search.toml:12:9: unknown key ..."
std::string ProblemText(const std::string& path, const Problem& problem);

}  // namespace keyport
