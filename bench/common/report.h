// Figures as a table for people, as Markdown, and as JSON. Each names the
// machine and what else it did.
#pragma once

#include <string>

#include "bench/common/figures.h"

namespace bench {

std::string TextReport(const Figures& figures);
std::string MarkdownReport(const Figures& figures);
std::string JsonReport(const Figures& figures);
// All three, as NAME.txt, NAME.md and NAME.json.
void WriteReports(const Figures& figures, const std::string& folder,
                  const std::string& name);
// Ends the program when the file cannot be written.
void WriteFile(const std::string& path, const std::string& text);

}  // namespace bench
