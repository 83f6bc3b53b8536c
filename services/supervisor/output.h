// Output: what services print, a line each with the service's name before it.
// Blocks when the terminal does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace keyport {

class Output {
 public:
  enum class Colour { kNever, kIfTerminal };
  // Where what services print goes: standard output or standard error.
  enum class Services { kOutput, kError };
  // `name_width`: bytes of the longest name.
  Output(size_t name_width, Colour colour,
         Services services = Services::kOutput);

  // "crawler | text". Names get colours by `number`.
  void Line(std::string_view name, size_t number, std::string_view line);
  // The supervisor's and the kernel process's own words, to standard error.
  void Say(std::string_view line) { Note("keyport", line); }
  void Note(std::string_view name, std::string_view line);

 private:
  std::string Prefix(std::string_view name, const char* colour) const;

  size_t name_width_;
  int services_;  // a descriptor
  bool colour_out_;
  bool colour_err_;
};

}  // namespace keyport
