// Recipes: for each call of the kernel, settings in which its outcome is known.
//
// A new line of syscalls.def needs a recipe; EveryCallHasARecipe says so.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/faults/scene.h"

namespace faults {

// Large ones are looked at for what they need, not failed at each step.
enum class Size { kSmall, kLarge };

struct Recipe {
  Syscall call;
  const char* title;
  // Brings the scene to where the caller's request succeeds, and makes it.
  std::function<Asked(Scene&)> prepare;
  // Whether the effect can be seen. `answer` is null for calls that park.
  std::function<bool(Scene&, const Done* answer)> effect;
  Size size = Size::kSmall;
  // What the call answers when nothing fails.
  ipc::abi::Error outcome = ipc::abi::Error::ok;
};
inline void PrintTo(const Recipe& recipe, std::ostream* out) {
  *out << recipe.title;
}

std::vector<Recipe> Recipes(Size size);

// By noun; Recipes joins and sorts them out.
std::vector<Recipe> HandleRecipes();
std::vector<Recipe> PortRecipes();
std::vector<Recipe> LaneRecipes();
std::vector<Recipe> TransferRecipes();
std::vector<Recipe> RegionRecipes();
std::vector<Recipe> LockRecipes();
std::vector<Recipe> ProcessRecipes();
std::vector<Recipe> AccountRecipes();
std::vector<Recipe> NotificationRecipes();
std::vector<Recipe> TraceRecipes();
std::vector<Recipe> ReplyRecipes();
std::vector<Recipe> DeadlockRecipes();
std::vector<Recipe> ExplainRecipes();
std::vector<Recipe> ProcessEndRecipes();
std::vector<Recipe> TopicRecipes();
std::vector<Recipe> FlightRecipes();

}  // namespace faults
