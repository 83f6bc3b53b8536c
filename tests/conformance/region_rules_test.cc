// Each combination of a region's state, an operation on it, and the rights that
// the capability carries. docs/regions.md has the same table.
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"
#include "tests/conformance/table_doc.h"

namespace ipc {
namespace {

using abi::kRightManage, abi::kRightMap, abi::kRightRead, abi::kRightWrite;

// How a region came to be as it is.
struct State {
  const char* name;
  uint32_t options;
  int seal;  // SealMode, or -1
  bool destroyed;
};
constexpr State kStates[] = {
    {"fixed", 0, -1, false},
    {"growable", abi::kRegionGrowable, -1, false},
    {"single writer", 0, abi::kSealSingleWriter, false},
    {"single writer, growable", abi::kRegionGrowable, abi::kSealSingleWriter,
     false},
    {"single writer, erasable", abi::kRegionErasable, abi::kSealSingleWriter,
     false},
    {"immutable", 0, abi::kSealImmutable, false},
    {"destroyed", 0, -1, true},
};
constexpr size_t kStateCount = std::size(kStates);

// What comes of an operation: an error, or what a destruction has reached.
struct Outcome {
  Error error = Error::ok;
  abi::RegionState reached = abi::RegionState::whole;
  bool operator==(const Outcome&) const = default;
};
constexpr Outcome ok = {};
constexpr Outcome bad = {Error::bad_state};
constexpr Outcome kErased = {Error::ok, abi::RegionState::erased};
constexpr Outcome kKept = {Error::ok, abi::RegionState::kept};

std::string TextOf(const Outcome& outcome) {
  if (outcome == kErased) return "erased";
  if (outcome == kKept) return "kept";
  return std::string(ErrorName(outcome.error));
}

enum class Operation {
  kMapRead,
  kMapWrite,
  kSealSingleWriter,
  kSealImmutable,
  kGrow,
  kAttach,
  kDestroy,
  kInfo,
};
struct Rule {
  const char* name;
  Operation operation;
  const char* rights_text;
  Rights rights;
  Outcome outcomes[kStateCount];  // in the order of kStates
};
constexpr Rule kRules[] = {
    {"map for reading",
     Operation::kMapRead,
     "Map, Read",
     kRightMap | kRightRead,
     {ok, ok, ok, ok, ok, ok, bad}},
    {"map for writing",
     Operation::kMapWrite,
     "Map, Write",
     kRightMap | kRightWrite,
     {ok, ok, bad, bad, bad, bad, bad}},
    {"seal for one writer",
     Operation::kSealSingleWriter,
     "Write",
     kRightWrite,
     {ok, ok, ok, ok, ok, bad, bad}},
    {"seal immutable",
     Operation::kSealImmutable,
     "Write",
     kRightWrite,
     {ok, ok, bad, bad, bad, ok, bad}},
    {"grow",
     Operation::kGrow,
     "Manage",
     kRightManage,
     {bad, ok, bad, ok, bad, bad, bad}},
    {"attach to a lane",
     Operation::kAttach,
     "Map, Read",
     kRightMap | kRightRead,
     {bad, bad, ok, ok, ok, ok, bad}},
    {"destroy the contents",
     Operation::kDestroy,
     "Manage",
     kRightManage,
     {kErased, kErased, kKept, kKept, kErased, kKept, kErased}},
    {"info", Operation::kInfo, "none", 0, {ok, ok, ok, ok, ok, ok, ok}},
};

class RegionRules : public Syscalls {
 protected:
  Handle MakeIn(const State& state) {
    const bool growable = (state.options & abi::kRegionGrowable) != 0;
    const Answer made =
        Call(Syscall::region_create, account(),
             {.options = state.options,
              .args = {4096, growable ? uint64_t{1} << 20 : 0}});
    const auto region = static_cast<Handle>(made.value(0));
    if (state.seal >= 0)
      Call(Syscall::region_seal, region,
           {.options = static_cast<uint32_t>(state.seal)});
    if (state.destroyed) Call(Syscall::region_destroy, region);
    return region;
  }
  Answer Do(Operation operation, Handle region) {
    switch (operation) {
      case Operation::kMapRead:
        return Call(Syscall::region_map, region);
      case Operation::kMapWrite:
        return Call(Syscall::region_map, region, {.options = abi::kMapWrite});
      case Operation::kSealSingleWriter:
        return Call(Syscall::region_seal, region);
      case Operation::kSealImmutable:
        return Call(Syscall::region_seal, region,
                    {.options = abi::kSealImmutable});
      case Operation::kGrow:
        return Call(Syscall::region_grow, region, {.args = {4096}});
      case Operation::kAttach:
        return Call(Syscall::lane_attach, NewLane(), {.args = {region}});
      case Operation::kDestroy:
        return Call(Syscall::region_destroy, region);
      case Operation::kInfo:
        break;
    }
    return Call(Syscall::region_info, region);
  }
  Outcome OutcomeOf(Operation operation, Handle region) {
    const Answer answer = Do(operation, region);
    if (operation != Operation::kDestroy || answer.error() != Error::ok)
      return {answer.error()};
    return {Error::ok, static_cast<abi::RegionState>(answer.value(3))};
  }
  // An end takes few attachments.
  Handle NewLane() {
    if (attached_++ % 16 == 0) lane_ = Connect(root(), port_);
    return lane_->handle;
  }

 private:
  Handle port_ = MakePort();
  std::unique_ptr<RawLane> lane_;
  int attached_ = 0;
};

TEST_F(RegionRules, HoldForEachStateOperationAndSetOfRights) {
  constexpr Rights kAll[] = {kRightMap, kRightRead, kRightWrite, kRightManage};
  for (const Rule& rule : kRules)
    for (size_t state = 0; state < kStateCount; ++state)
      for (uint32_t bits = 0; bits < 16; ++bits) {
        Rights rights = 0;
        for (size_t i = 0; i < 4; ++i)
          if ((bits >> i & 1) != 0) rights |= kAll[i];
        const Handle strong = MakeIn(kStates[state]);
        const Handle region = Weaker(strong, rights);
        const bool allowed = (rule.rights & ~rights) == 0;
        const Outcome expected =
            allowed ? rule.outcomes[state] : Outcome{Error::access_denied};
        ASSERT_EQ(TextOf(OutcomeOf(rule.operation, region)), TextOf(expected))
            << rule.name << " of a region that is " << kStates[state].name
            << " with rights " << rights;
        Call(Syscall::handle_close, region);
        Call(Syscall::handle_close, strong);
      }
}

TEST_F(RegionRules, StandInTheDocumentAsTheyAreTested) {
  std::vector<std::string> head = {"operation", "rights"};
  for (const State& state : kStates) head.emplace_back(state.name);
  std::vector<std::string> rows = {TableRow(head)};
  for (const Rule& rule : kRules) {
    std::vector<std::string> cells = {rule.name, rule.rights_text};
    for (const Outcome& outcome : rule.outcomes)
      cells.push_back(TextOf(outcome));
    rows.push_back(TableRow(cells));
  }
  ExpectInDocument("regions.md", rows);
}

}  // namespace
}  // namespace ipc
