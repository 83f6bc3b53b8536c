#include "services/tracer/recording_series.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <filesystem>

namespace keyport {
namespace {

namespace fs = std::filesystem;

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
  constexpr uint64_t kMost = 1'000'000'000;  // what is above, nobody counted to
  return error == std::errc() && last == end && number <= kMost
             ? std::optional(number)
             : std::nullopt;
}

uint64_t LastNumber(const fs::path& series) {
  std::error_code failed;
  const fs::path folder =
      series.has_parent_path() ? series.parent_path() : fs::path(".");
  uint64_t last = 0;
  for (const auto& entry : fs::directory_iterator(folder, failed))
    last = std::max(last, NumberOf(series, entry.path()).value_or(0));
  return last;
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
    series.number_ = LastNumber(series.options_.path);
  if (absl::Status opened = series.Open(); !opened.ok()) return opened;
  return series;
}

absl::Status RecordingSeries::Open() {
  const bool one = options_.rotate_bytes == 0;
  auto file = RecordingFile::Create(one ? options_.path
                                        : SeriesPath(options_.path, ++number_));
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  ++files_;
  return absl::OkStatus();
}

absl::Status RecordingSeries::Next() {
  if (absl::Status opened = Open(); !opened.ok()) return opened;
  // One that somebody removed is no error.
  if (options_.keep_files > 0 && files_ > options_.keep_files)
    unlink(SeriesPath(options_.path, number_ - options_.keep_files).c_str());
  return absl::OkStatus();
}

absl::Status RecordingSeries::Write(std::string_view blocks) {
  const uint64_t before = file_->bytes();
  const absl::Status written = file_->Write(blocks);
  bytes_ += file_->bytes() - before;
  return written;
}

}  // namespace keyport
