#include "bench/common/report.h"

#include <stdio.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "bench/common/machine.h"
#include "bench/common/must.h"

namespace bench {
namespace {

using absl::StrAppend;
using absl::StrCat;

template <typename... Arguments>
std::string Formatted(const char* format, Arguments... arguments) {
  char line[400];
  snprintf(line, sizeof(line), format, arguments...);
  return line;
}

std::string TextRow(const Series& series) {
  const std::string name = series.row.system.empty()
                               ? series.row.group
                               : StrCat("  ", series.row.system);
  std::string line = Formatted("%-54s %-5s %12.1f %12.1f - %11.1f",
                               name.c_str(), series.unit.c_str(),
                               series.Median(), series.Least(), series.Most());
  if (!series.p99.empty())
    line += Formatted(
        " %11.0f %11.0f %11.0f", MedianOf(series.p99), MedianOf(series.p999),
        *std::max_element(series.longest.begin(), series.longest.end()));
  return line + "\n";
}

std::string TextConclusion(const Conclusion& one) {
  std::string line = Formatted("%-72s %9.2f %s", one.what.c_str(), one.value,
                               one.unit.c_str());
  if (one.bar.has_value())
    line += Formatted("  (%s: %s)", Text(*one.bar).c_str(),
                      Verdict(one.value, *one.bar));
  return line + "\n";
}

// 384, 12.3, 1.25: three digits that count, whole thousands set apart.
std::string Short(double value) {
  if (value < 10) return Formatted("%.2f", value);
  if (value < 100) return Formatted("%.1f", value);
  const std::string digits = Formatted("%.0f", value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string MarkdownRow(const Series& series) {
  const bool ours = series.row.system.starts_with("Keyport");
  const std::string& who =
      series.row.system.empty() ? series.row.group : series.row.system;
  const char* bold = ours ? "**" : "";
  std::string tail;
  if (!series.p99.empty())
    tail = StrCat(Short(MedianOf(series.p99)), " / ",
                  Short(MedianOf(series.p999)));
  return StrCat("| ", bold, who, bold, " | ", bold, Short(series.Median()),
                bold, " ", series.unit, " | ", Short(series.Least()), " – ",
                Short(series.Most()), " | ", tail, " |\n");
}

std::string MarkdownConclusions(const Figures& figures) {
  std::string text =
      "| to be reached | measured | bar | |\n|---|---|---|---|\n";
  for (const Conclusion& one : figures.conclusions()) {
    StrAppend(&text, "| ", one.what, " | ", Short(one.value), " ", one.unit);
    if (one.bar.has_value())
      StrAppend(&text, " | ", Text(*one.bar), " | ",
                Verdict(one.value, *one.bar), " |\n");
    else
      text += " | | |\n";
  }
  return text;
}

// Each row, below its group's line where it has one.
template <typename GroupLine, typename RowLine>
std::string Rows(const Figures& figures, const GroupLine& group_line,
                 const RowLine& row_line) {
  std::string text;
  std::string group;
  for (const Series* series : figures.rows()) {
    if (!series->row.system.empty() && series->row.group != group)
      text += group_line(series->row.group);
    group = series->row.group;
    text += row_line(*series);
  }
  return text;
}

}  // namespace

std::string TextReport(const Figures& figures) {
  std::string text = StrCat(
      ThisMachine().Text(), "\n\n",
      Formatted("%-54s %-5s %12s %26s %11s %11s %11s\n", "", "", "median",
                "least - most", "p99", "p99.9", "longest"),
      Rows(
          figures, [](const std::string& group) { return StrCat(group, "\n"); },
          TextRow),
      "\n");
  for (const Conclusion& one : figures.conclusions())
    text += TextConclusion(one);
  for (const Omission& one : figures.omissions())
    StrAppend(&text, one.failed ? "FAILED: " : "left out: ", one.what, " (",
              one.why, ")\n");
  return text;
}

std::string MarkdownReport(const Figures& figures) {
  std::string text = StrCat(
      ThisMachine().Text(),
      "\n\n| | median | least – most | p99 / p99.9 |\n|---|---|---|---|\n",
      Rows(
          figures,
          [](const std::string& group) {
            return StrCat("| *", group, "* | | | |\n");
          },
          MarkdownRow),
      "\n", MarkdownConclusions(figures));
  for (const Omission& one : figures.omissions())
    StrAppend(&text, "\nLeft out: ", one.what, " (", one.why, ").\n");
  return text;
}

void WriteReports(const Figures& figures, const std::string& folder,
                  const std::string& name) {
  const std::string path = StrCat(folder, "/", name);
  WriteFile(path + ".txt", TextReport(figures));
  WriteFile(path + ".md", MarkdownReport(figures));
  WriteFile(path + ".json", JsonReport(figures));
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file.good()) Fail((path + " cannot be written").c_str());
}

}  // namespace bench
