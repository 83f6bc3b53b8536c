# What every target shares: packages, warnings, sanitizers, one way to declare
# a layer.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing)
include(${CMAKE_CURRENT_LIST_DIR}/static_libraries.cmake)

find_program(KEYPORT_CCACHE ccache)
if(KEYPORT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KEYPORT_CCACHE})
endif()

# The headers of others take most of a small file's compiling. They are read
# once for several files together; see docs/adr/0042.
if(KEYPORT_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
  # Private types in one .cc are.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

add_library(keyport_options INTERFACE)
# Abseil's headers are not ours to warn about; it comes as a system include.
target_include_directories(keyport_options INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_compile_options(keyport_options INTERFACE
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wcast-align
  -Wno-missing-field-initializers
  # What clang calls shadows are files' names that meet when they are compiled
  # together; how long a string may be is C++98's worry.
  $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow,-Wno-overlength-strings>)
if(KEYPORT_WERROR)
  target_compile_options(keyport_options INTERFACE -Werror)
endif()
if(KEYPORT_SANITIZE STREQUAL "thread")
  # It does not know fences; what they order is atomic here all the same.
  target_compile_options(keyport_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
if(KEYPORT_SANITIZE)
  # g++ 12 warns of library headers (std::regex, std::vector) when it instruments
  # them.
  target_compile_options(keyport_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-stringop-overflow>)
  target_compile_options(keyport_options INTERFACE
    -fsanitize=${KEYPORT_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(keyport_options INTERFACE
    -fsanitize=${KEYPORT_SANITIZE})
  # As g++ tells it; clang has a word of its own.
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    if(KEYPORT_SANITIZE STREQUAL "thread")
      target_compile_definitions(keyport_options INTERFACE __SANITIZE_THREAD__)
    else()
      target_compile_definitions(keyport_options INTERFACE __SANITIZE_ADDRESS__)
    endif()
  endif()
endif()
target_link_libraries(keyport_options INTERFACE Threads::Threads)

# keyport_layer(NAME SOURCES a.cc ... DEPENDS target ... [NOEXCEPT])
# A static library. NOEXCEPT: built without exceptions and RTTI.
function(keyport_layer name)
  cmake_parse_arguments(ARG "NOEXCEPT" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC keyport_options ${ARG_DEPENDS})
  # UBSan's vptr check wants RTTI, so sanitized builds keep it.
  if(ARG_NOEXCEPT)
    target_compile_options(${name} PRIVATE -fno-exceptions)
    if(NOT KEYPORT_SANITIZE)
      target_compile_options(${name} PRIVATE -fno-rtti)
    endif()
  endif()
endfunction()

# keyport_plain_test(TARGET): a test of what is compiled elsewhere. Its own code
# is not optimised: that would take half of its building.
function(keyport_plain_test target)
  target_compile_options(${target} PRIVATE -O0)
endfunction()
