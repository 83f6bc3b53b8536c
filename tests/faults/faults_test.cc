// Every call of the kernel, with the Nth thing it needs failing, for every N.
//
// Whatever fails: the call is done, or it answers with a documented error and
// has done nothing; others are served; the same call succeeds afterwards; and
// when all sessions have ended nothing is left.
#include <set>

#include "tests/faults/manual.h"
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using ipc::abi::Error;

constexpr uint64_t kStepsMax = 5'000;

const char* const kWhats[] = {"memory", "charge", "system call", "full socket",
                              "gone socket"};

std::string Text(const Fault& fault) {
  return std::string(kWhats[static_cast<int>(fault.what)]) + " number " +
         std::to_string(fault.nth) +
         (fault.span == Span::kOnce ? ", once" : ", for good");
}

std::string TestName(const ::testing::TestParamInfo<Recipe>& info) {
  std::string name = NameOf(info.param.call) + "_" + info.param.title;
  for (char& c : name)
    if (isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

class EveryCall : public ::testing::TestWithParam<Recipe> {
 protected:
  EveryCall() : mappings_(MappingsOfKeyport()), open_(OpenDescriptors()) {
    Scene scene;
    const Asked asked = Prepare(scene);
    before_ = scene.See();
    scene.Ask(recipe().call, asked);
    succeeded_ = scene.See();
    ExpectEffect(scene);
  }
  ~EveryCall() override {
    EXPECT_EQ(OpenDescriptors(), open_);
    EXPECT_EQ(MappingsOfKeyport(), mappings_);
  }

  const Recipe& recipe() const { return GetParam(); }

  Asked Prepare(Scene& scene) const {
    EXPECT_TRUE(kernel::Reserve::Held());
    Asked asked = recipe().prepare(scene);
    scene.Forget();
    return asked;
  }
  void ExpectEffect(Scene& scene) const {
    const Done* answer = scene.Answer();
    if (answer != nullptr) {
      ASSERT_EQ(answer->error(), recipe().outcome);
    }
    EXPECT_TRUE(recipe().effect(scene, answer)) << scene.State();
  }
  void ExpectDone(Scene& scene, const View& seen) const {
    EXPECT_EQ(seen.state, succeeded_.state);
    EXPECT_EQ(seen.told, succeeded_.told);
    EXPECT_EQ(seen.descriptors, succeeded_.descriptors);
    ExpectEffect(scene);
  }
  void ExpectNothingDone(const View& seen) const {
    EXPECT_EQ(seen.state, before_.state);
    EXPECT_EQ(seen.descriptors, before_.descriptors);
  }
  // Those who are there, while the failure goes on. Where memory is short they
  // are told so.
  void ExpectOthersAreServed(Scene& scene) const {
    for (RawClient* client : {&scene.other(), &scene.root()}) {
      // One whose own socket is full is not served, for its own sake.
      if (!client->alive() || client->socket()->wants_room) continue;
      const Done done = scene.AskAside(*client, Syscall::session_info, {});
      if (MemoryIsShort() && done.error() != Error::ok)
        ExpectRefused(done);
      else
        EXPECT_EQ(done.error(), Error::ok);
    }
  }
  static void ExpectRefused(const Done& done) {
    EXPECT_EQ(done.error(), Error::quota_exceeded);
    EXPECT_EQ(done.value(1), kernel::Reserve::kBytes);
    EXPECT_EQ(done.value(2), 0u) << "no account's limit";
  }
  // What is left of the scene when these sessions end after a success.
  std::string StateAfterDeaths(const std::set<uint64_t>& dead) const {
    Scene scene;
    scene.Ask(recipe().call, Prepare(scene));
    for (RawClient* client : {&scene.caller(), &scene.other(), &scene.root()})
      if (dead.contains(client->id()))
        scene.core().EndSession(*client->session());
    scene.Turn();
    return scene.State();
  }
  static std::set<uint64_t> Dead(Scene& scene) {
    std::set<uint64_t> dead;
    for (RawClient* client : {&scene.caller(), &scene.other(), &scene.root()})
      if (!client->alive()) dead.insert(client->id());
    return dead;
  }

  void Judge(Scene& scene, const Asked& asked) const {
    const View seen = scene.See();
    if (const auto dead = Dead(scene); !dead.empty()) {
      EXPECT_EQ(seen.state, StateAfterDeaths(dead));
      return;
    }
    const Done* answer = scene.Answer();
    if (answer == nullptr || answer->error() == recipe().outcome)
      return ExpectDone(scene, seen);
    EXPECT_TRUE(IsDocumented(recipe().call, answer->error()))
        << base::ErrorName(answer->error());
    ExpectNothingDone(seen);
    scene.Forget();
    scene.Ask(recipe().call, asked);
    ExpectDone(scene, scene.See());
  }

  // Returns whether there was an Nth thing to fail.
  bool Attempt(const Fault& fault) const {
    Scene scene;
    const Asked asked = Prepare(scene);
    Arm(fault);
    scene.Ask(recipe().call, asked);
    const bool hit = Hit();
    const ::testing::ScopedTrace trace(__FILE__, __LINE__,
                                       Text(fault) + ": " + Victim());
    if (hit) ExpectOthersAreServed(scene);
    Disarm();
    scene.MakeRoom();
    Judge(scene, asked);
    ExpectOthersAreServed(scene);
    EXPECT_EQ(scene.Leftovers(), "");
    return hit;
  }
  void FailEach(What what) const {
    for (const Span span : {Span::kOnce, Span::kForGood}) {
      uint64_t nth = 1;
      while (Attempt({what, nth, span}) && !HasFailure() && nth < kStepsMax)
        ++nth;
      EXPECT_LT(nth, kStepsMax);
      RecordProperty(span == Span::kOnce ? "once" : "for_good",
                     static_cast<int>(nth - 1));
    }
  }

  const size_t mappings_;
  const std::string open_;
  const kernel::Reserve reserve_;
  View before_;
  View succeeded_;
};

// What is done, though memory is short: it gives something back.
bool Frees(Syscall call) {
  static const std::set<Syscall> kFreeing = {
      Syscall::handle_close,    Syscall::handle_revoke,   Syscall::lane_close,
      Syscall::transfer_redeem, Syscall::transfer_cancel, Syscall::wait_cancel,
      Syscall::reply_cancel,    Syscall::process_end,     Syscall::lock_detach,
      Syscall::topic_cut};
  return kFreeing.contains(call);
}

TEST_P(EveryCall, IsRefusedWhileMemoryIsShortUnlessItFrees) {
  Scene scene;
  const Asked asked = Prepare(scene);
  scene.EndMemory();
  scene.Ask(recipe().call, asked);
  if (Frees(recipe().call)) {
    ExpectDone(scene, scene.See());
  } else {
    ASSERT_NE(scene.Answer(), nullptr);
    ExpectRefused(*scene.Answer());
    ExpectNothingDone(scene.See());
  }
  ExpectOthersAreServed(scene);
  Disarm();
  Judge(scene, asked);
  EXPECT_EQ(scene.Leftovers(), "");
}

TEST_P(EveryCall, SurvivesFailingMemory) { FailEach(What::kMemory); }
TEST_P(EveryCall, SurvivesRefusedCharges) { FailEach(What::kCharge); }
TEST_P(EveryCall, SurvivesFailingSystemCalls) { FailEach(What::kSystem); }
TEST_P(EveryCall, SurvivesFullSockets) { FailEach(What::kSocketFull); }
TEST_P(EveryCall, SurvivesGoneSockets) { FailEach(What::kSocketGone); }

INSTANTIATE_TEST_SUITE_P(, EveryCall,
                         ::testing::ValuesIn(Recipes(Size::kSmall)), TestName);

TEST(RecipesTest, EveryCallHasARecipe) {
  std::set<Syscall> known;
  for (const Recipe& recipe : Recipes(Size::kSmall)) known.insert(recipe.call);
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  EXPECT_TRUE(known.contains(Syscall::name)) << #name << " has no recipe";
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
}

}  // namespace
}  // namespace faults
