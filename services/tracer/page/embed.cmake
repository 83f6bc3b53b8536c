# Makes page_text.cc out of the page's sources:
#
#   cmake -D FOLDER=.../page -D OUT=page_text.cc -P embed.cmake
#
# Scripts are joined in the order in which scripts.txt names them. The page's
# policy lets only this script and this style run: it has their SHA-256.

# sha256_base64(TEXT RESULT)
function(sha256_base64 text result)
  set(digits
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  string(SHA256 hex "${text}")
  # Three hexadecimal digits are two of base64; two zeros fill up the last.
  string(APPEND hex "00")
  set(out "")
  foreach(at RANGE 0 63 3)
    string(SUBSTRING "${hex}" ${at} 3 part)
    math(EXPR high "0x${part} >> 6")
    math(EXPR low "0x${part} & 63")
    string(SUBSTRING "${digits}" ${high} 1 first)
    string(SUBSTRING "${digits}" ${low} 1 second)
    string(APPEND out "${first}${second}")
  endforeach()
  string(SUBSTRING "${out}" 0 43 out)
  set(${result} "${out}=" PARENT_SCOPE)
endfunction()

file(READ "${FOLDER}/page.html" page)
file(READ "${FOLDER}/page.css" style)
file(STRINGS "${FOLDER}/scripts.txt" names)
set(script "\n\"use strict\";\n(() => {\n")
foreach(name IN LISTS names)
  file(READ "${FOLDER}/${name}" text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")
foreach(wrong "</script" "<!--" ")page_text\"")
  string(FIND "${script}${style}" "${wrong}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "the page's sources may not hold ${wrong}")
  endif()
endforeach()
sha256_base64("${script}" script_hash)
sha256_base64("${style}" style_hash)

# Each word stands once in page.html, in this order.
foreach(word STYLE_HASH SCRIPT_HASH STYLE DATA SCRIPT)
  string(FIND "${page}" "@${word}@" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "page.html lacks @${word}@")
  endif()
  string(LENGTH "@${word}@" length)
  string(SUBSTRING "${page}" 0 ${at} before_${word})
  math(EXPR at "${at} + ${length}")
  string(SUBSTRING "${page}" ${at} -1 page)
endforeach()
set(begin "${before_STYLE_HASH}${style_hash}${before_SCRIPT_HASH}")
string(APPEND begin "${script_hash}${before_STYLE}${style}${before_DATA}")
set(end "${before_SCRIPT}${script}${page}")
file(WRITE "${OUT}" "// Made by embed.cmake.
#include \"services/tracer/page_text.h\"

namespace keyport {

constexpr std::string_view kPageBegin = R\"page_text(${begin})page_text\";
constexpr std::string_view kPageEnd = R\"page_text(${end})page_text\";

}  // namespace keyport
")
