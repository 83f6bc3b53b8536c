// PNG files of kinds that libpng's simplified interface does not write, for
// tests. Header-only; needs libpng and zlib.
#pragma once

#include <png.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace testing_png {

struct Kind {
  int color_type = PNG_COLOR_TYPE_RGB;
  int bit_depth = 8;
  int interlace = PNG_INTERLACE_NONE;
  uint32_t width = 37;
  uint32_t height = 23;
};

inline void Append(png_structp png, png_bytep data, size_t bytes) {
  auto* file = static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  const auto* from = reinterpret_cast<const std::byte*>(data);
  file->insert(file->end(), from, from + bytes);
}

// Some pattern in a file of that kind. libpng aborts on a kind that is none.
inline std::vector<std::byte> MakePng(const Kind& kind) {
  std::vector<std::byte> file;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &file, Append, nullptr);
  png_set_IHDR(png, info, kind.width, kind.height, kind.bit_depth,
               kind.color_type, kind.interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_color> palette(size_t{1} << kind.bit_depth);
  for (size_t i = 0; i < palette.size(); ++i)
    palette[i] = {static_cast<png_byte>(i * 40), static_cast<png_byte>(255 - i),
                  static_cast<png_byte>(i * i)};
  if (kind.color_type == PNG_COLOR_TYPE_PALETTE)
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  std::vector<png_byte> samples(png_get_rowbytes(png, info) * kind.height);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<png_byte>(i * 7 + i / 61);
  std::vector<png_bytep> rows(kind.height);
  for (uint32_t y = 0; y < kind.height; ++y)
    rows[y] = samples.data() + y * png_get_rowbytes(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

// The same file saying that it has another size.
inline std::vector<std::byte> WithSize(std::vector<std::byte> file,
                                       uint32_t width, uint32_t height) {
  auto* bytes = reinterpret_cast<png_byte*>(file.data());
  png_save_uint_32(bytes + 16, width);
  png_save_uint_32(bytes + 20, height);
  png_save_uint_32(bytes + 29, static_cast<png_uint_32>(crc32(
                                   crc32(0, nullptr, 0), bytes + 12, 17)));
  return file;
}

}  // namespace testing_png
