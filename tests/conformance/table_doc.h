// Tables that are tested row by row, and stand in the documentation as they
// are tested.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ipc {

// A row as Markdown.
inline std::string TableRow(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + cell + " |";
  return row + "\n";
}

// Each row stands in the document of that name.
inline void ExpectInDocument(const char* name,
                             const std::vector<std::string>& rows) {
  std::ifstream file(std::string(KEYPORT_SOURCE_DIR "/docs/") + name);
  std::stringstream text;
  text << file.rdbuf();
  for (const std::string& row : rows)
    EXPECT_NE(text.str().find(row), std::string::npos)
        << "docs/" << name << " lacks this row:\n"
        << row;
}

}  // namespace ipc
