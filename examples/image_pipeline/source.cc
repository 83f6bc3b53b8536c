#include "examples/image_pipeline/source.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "examples/image_pipeline/png.h"

namespace image_pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Shape kGenerated = {1600, 1200, 3};
constexpr uint64_t kFileBytesMax = 256u << 20;

absl::Status FileError(const std::string& path, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", why));
}

absl::StatusOr<PngBytes> Encode(const Pixels& pixels) {
  PngBytes png(PngBytesMax(pixels.shape));
  const auto bytes = EncodePng(pixels, png);
  if (!bytes.ok()) return bytes.status();
  png.resize(*bytes);
  return png;
}

}  // namespace

absl::StatusOr<Source> ReadSource(const std::string& path) {
  std::error_code error;
  const uint64_t bytes = fs::file_size(path, error);
  if (error) return FileError(path, error.message());
  if (bytes == 0) return FileError(path, "the file is empty");
  if (bytes > kFileBytesMax)
    return FileError(
        path, absl::StrCat("the file has ", bytes, " bytes; expected at most ",
                           kFileBytesMax));
  Source source = {path, PngBytes(bytes)};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(source.png.data()),
            static_cast<std::streamsize>(bytes));
  if (!file) return FileError(path, "the file could not be read");
  return source;
}

absl::StatusOr<Source> GeneratedSource() {
  auto png = Encode(MakeTestImage(kGenerated).pixels());
  if (!png.ok()) return png.status();
  return Source{"generated.png", *std::move(png)};
}

absl::StatusOr<PngBytes> FilterHere(std::span<const std::byte> png,
                                    std::span<const Filter> filters) {
  auto decoder = PngDecoder::Open(png);
  if (!decoder.ok()) return decoder.status();
  Image image(decoder->shape());
  if (auto decoded = decoder->Decode(image.writable()); !decoded.ok())
    return decoded;
  return Encode(ApplyAll(filters, std::move(image)).pixels());
}

absl::StatusOr<std::string> WriteResult(const std::string& folder,
                                        const std::string& name,
                                        std::span<const std::byte> png) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return FileError(folder, error.message());
  const fs::path path = fs::path(folder) / fs::path(name).filename();
  if (fs::equivalent(path, name, error))
    return FileError(path, "this is the input; choose another folder");
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(png.data()),
             static_cast<std::streamsize>(png.size()));
  file.close();
  if (!file) return FileError(path, std::strerror(errno));
  return path.string();
}

}  // namespace image_pipeline
