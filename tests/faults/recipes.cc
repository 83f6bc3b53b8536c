#include "tests/faults/recipes.h"

namespace faults {

std::vector<Recipe> Recipes(Size size) {
  std::vector<Recipe> chosen;
  for (const auto& part :
       {HandleRecipes(), PortRecipes(), LaneRecipes(), TransferRecipes(),
        RegionRecipes(), LockRecipes(), ProcessRecipes(), AccountRecipes(),
        NotificationRecipes(), TraceRecipes(), ReplyRecipes(),
        DeadlockRecipes(), ExplainRecipes(), ProcessEndRecipes(),
        TopicRecipes(), FlightRecipes()})
    for (const Recipe& recipe : part)
      if (recipe.size == size) chosen.push_back(recipe);
  return chosen;
}

}  // namespace faults
