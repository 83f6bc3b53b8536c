#include "examples/image_pipeline/options.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace image_pipeline {
namespace {

constexpr uint32_t kRoundsMax = 1'000'000;
constexpr uint32_t kInFlightMax = 64;
constexpr char kExpected[] =
    "expected [--out FOLDER] [--rounds N] [--in-flight N] [FILE.png ...]";

absl::Status ReadNumber(const std::string& name, const std::string& text,
                        uint32_t most, uint32_t* value) {
  if (absl::SimpleAtoi(text, value) && *value >= 1 && *value <= most)
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, " takes a number from 1 to ", most, ", not '", text, "'"));
}

absl::Status ReadOption(const std::string& name, const std::string& value,
                        Options* options) {
  if (name == "--rounds")
    return ReadNumber(name, value, kRoundsMax, &options->rounds);
  if (name == "--in-flight")
    return ReadNumber(name, value, kInFlightMax, &options->in_flight);
  if (name == "--out") {
    options->out = value;
    return absl::OkStatus();
  }
  const auto filters = FiltersOf(value);
  if (name != "--filters" || !filters)
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, " ", value, "' is no option; ", kExpected));
  options->filters = *filters;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ReadOptions(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word.rfind("--", 0) != 0) {
      options.files.push_back(word);
      continue;
    }
    if (i + 1 == count)
      return absl::InvalidArgumentError(
          absl::StrCat(word, " wants a value; ", kExpected));
    if (auto read = ReadOption(word, words[++i], &options); !read.ok())
      return read;
  }
  return options;
}

}  // namespace image_pipeline
