#include "services/tracer/recording_series.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace keyport {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMost = 1'000'000'000;  // what is above, nobody counted to
// Numbers in a row that somebody else took first.
constexpr int kTakenMost = 1'000;

// Of a file's name, if it is of the series.
std::optional<uint64_t> NumberOf(const fs::path& series, const fs::path& file) {
  const std::string head = series.stem().string() + ".";
  const std::string tail = series.extension().string();
  const std::string name = file.filename().string();
  if (name.size() <= head.size() + tail.size() || !name.starts_with(head) ||
      !name.ends_with(tail))
    return std::nullopt;
  const char* const end = name.data() + name.size() - tail.size();
  uint64_t number = 0;
  const auto [last, error] =
      std::from_chars(name.data() + head.size(), end, number);
  return error == std::errc() && last == end && number <= kMost
             ? std::optional(number)
             : std::nullopt;
}

// In no order.
std::vector<uint64_t> NumbersOf(const fs::path& series) {
  std::error_code failed;
  const fs::path folder =
      series.has_parent_path() ? series.parent_path() : fs::path(".");
  std::vector<uint64_t> numbers;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    if (const auto number = NumberOf(series, entry.path()))
      numbers.push_back(*number);
  return numbers;
}

}  // namespace

std::string SeriesPath(const std::string& path, uint64_t number) {
  const fs::path whole(path);
  char middle[32];
  std::snprintf(middle, sizeof(middle), ".%05" PRIu64, number);
  return (whole.parent_path() /
          (whole.stem().string() + middle + whole.extension().string()))
      .string();
}

absl::StatusOr<RecordingSeries> RecordingSeries::Create(Options options) {
  RecordingSeries series(std::move(options));
  if (series.options_.rotate_bytes > 0)
    for (const uint64_t number : NumbersOf(series.options_.path))
      series.number_ = std::max(series.number_, number);
  if (absl::Status opened = series.Open(); !opened.ok()) return opened;
  return series;
}

std::string RecordingSeries::path() const {
  return options_.rotate_bytes == 0 ? options_.path
                                    : SeriesPath(options_.path, number_);
}

// A number that somebody else has taken, with a file or a link, is passed.
absl::StatusOr<RecordingFile> RecordingSeries::CreateNext() {
  if (options_.rotate_bytes == 0) return RecordingFile::Create(path());
  const uint64_t before = number_;
  absl::StatusOr<RecordingFile> file = absl::UnavailableError(
      options_.path + ": the numbers of its files are used up; remove " +
      SeriesPath(options_.path, before));
  for (int i = 0; i < kTakenMost && number_ < kMost; ++i) {
    ++number_;
    file = RecordingFile::Create(path(), RecordingFile::Existing::kRefused);
    if (!absl::IsAlreadyExists(file.status())) break;
  }
  if (!file.ok()) number_ = before;
  return file;
}

absl::Status RecordingSeries::Open() {
  auto file = CreateNext();
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  ++files_;
  if (options_.rotate_bytes > 0) own_.push_back(number_);
  RemoveOld();
  return absl::OkStatus();
}

// A file that somebody removed already is no error.
void RecordingSeries::RemoveOld() {
  if (options_.rotate_bytes == 0 || options_.keep_files == 0) return;
  if (options_.keeps == Keeps::kAllOfTheName) {
    const std::vector<uint64_t> numbers = NumbersOf(options_.path);
    own_.assign(numbers.begin(), numbers.end());
    std::sort(own_.begin(), own_.end());
  }
  for (; own_.size() > options_.keep_files; own_.pop_front())
    unlink(SeriesPath(options_.path, own_.front()).c_str());
}

absl::Status RecordingSeries::Write(std::string_view blocks) {
  const uint64_t before = file_->bytes();
  const absl::Status written = file_->Write(blocks);
  bytes_ += file_->bytes() - before;
  return written;
}

}  // namespace keyport
