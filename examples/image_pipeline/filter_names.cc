// Filters by name, and one after the other.
#include <iterator>
#include <utility>

#include "absl/strings/str_split.h"
#include "examples/image_pipeline/filters.h"

namespace image_pipeline {
namespace {

constexpr std::pair<Filter, std::string_view> kNames[] = {
    {Filter::kGray, "gray"},
    {Filter::kBlur, "blur"},
    {Filter::kSharpen, "sharpen"},
    {Filter::kEdges, "edges"},
};

}  // namespace

std::string_view NameOf(Filter filter) {
  for (const auto& [known, name] : kNames)
    if (known == filter) return name;
  return "unknown";
}

std::optional<Filter> FilterOf(std::string_view name) {
  for (const auto& [filter, known] : kNames)
    if (known == name) return filter;
  return std::nullopt;
}

std::optional<std::vector<Filter>> FiltersOf(std::string_view names) {
  std::vector<Filter> filters;
  const absl::string_view text(names.data(), names.size());
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    const auto filter = FilterOf({name.data(), name.size()});
    if (!filter) return std::nullopt;
    filters.push_back(*filter);
  }
  return filters;
}

Image ApplyAll(std::span<const Filter> filters, Image image) {
  for (const Filter filter : filters) {
    Image next(ShapeAfter(filter, image.shape()));
    Apply(filter, image.pixels(), next.writable());
    image = std::move(next);
  }
  return image;
}

}  // namespace image_pipeline
