#include "examples/image_pipeline/answer.h"

#include <cstring>
#include <type_traits>

namespace image_pipeline {
namespace {

constexpr char kFailed = 'e';
constexpr char kDone = 'd';

struct Done {
  uint64_t png_bytes = 0;
  History history;
  Shape shape;
  uint32_t unused = 0;
};
static_assert(std::has_unique_object_representations_v<Done>);

}  // namespace

std::string Encode(const Answer& answer) {
  if (!answer.error.empty()) return kFailed + answer.error;
  const Done done = {answer.png_bytes, answer.history, answer.shape};
  std::string text(1 + sizeof(done), kDone);
  std::memcpy(text.data() + 1, &done, sizeof(done));
  return text;
}

std::optional<Answer> DecodeAnswer(ipc::Bytes bytes) {
  const std::string_view text = ipc::TextOf(bytes);
  if (text.empty()) return std::nullopt;
  Answer answer;
  if (text[0] == kFailed && text.size() > 1) {
    answer.error = text.substr(1);
    return answer;
  }
  Done done;
  if (text[0] != kDone || text.size() != 1 + sizeof(done)) return std::nullopt;
  std::memcpy(&done, text.data() + 1, sizeof(done));
  if (!done.shape.IsValid() || done.history.filter_count > kFiltersMax)
    return std::nullopt;
  answer.png_bytes = done.png_bytes;
  answer.shape = done.shape;
  answer.history = done.history;
  return answer;
}

}  // namespace image_pipeline
