// What `keyport top` shows: which rows, in which order, where the cursor is;
// and how that is laid out on a screen of some size. Knows no terminal.
#pragma once

#include <string>
#include <vector>

#include "services/cli/snapshot.h"
#include "services/cli/terminal.h"
#include "services/cli/top_layout.h"

namespace keyport {

// One sample: what was seen, and what it is compared with.
struct TopSample {
  Snapshot before;
  Snapshot now;
  int64_t elapsed_ns() const { return now.taken_ns - before.taken_ns; }
};

class TopScreen {
 public:
  struct Options {
    TopScope scope = TopScope::kPorts;
    TopColumn sort = TopColumn::kQueue;
    std::string port;                     // name or number; "": all
    std::vector<TopColumn> columns = {};  // none: those of the scope
  };
  explicit TopScreen(Options options)
      : scope_(options.scope),
        sort_(options.sort),
        port_(std::move(options.port)),
        columns_(std::move(options.columns)) {}

  // Not while paused.
  void Show(TopSample sample);
  // False: the user has had enough.
  bool Press(int key);

  std::vector<ScreenLine> Lines(ScreenSize size) const;
  bool paused() const { return paused_; }

 private:
  void MakeRows();
  void NextColumn();
  void LookInto();
  void LookAtPorts();
  void MoveCursor(int lines);
  size_t CursorRow() const;
  // The name or number of the one port that is shown, or "".
  const std::string& ShownPort() const {
    return one_port_.empty() ? port_ : one_port_;
  }
  std::string SummaryText() const;
  std::string HelpText() const;
  // Said in place of rows when there are none.
  std::string EmptyText() const;

  std::span<const TopColumn> Columns() const {
    return columns_.empty() ? ColumnsOf(scope_) : columns_;
  }

  TopScope scope_;
  TopColumn sort_;
  const std::string port_;
  const std::vector<TopColumn> columns_;
  std::string one_port_;  // whose lanes are shown, as ":7"
  std::string one_port_name_;
  uint64_t looked_into_ = 0;
  TopSample sample_;
  bool sampled_ = false;
  bool paused_ = false;
  std::vector<TopRow> rows_;
  uint64_t cursor_ = 0;  // id of a row; 0: the first
};

// The rows of a sample, in order.
std::vector<TopRow> RowsOf(const TopSample& sample, TopScope scope,
                           TopColumn sort, const std::string& port);
// "3 ports: 812 messages/s, 1.5K bytes/s (over 1.00 s)"
std::string SummaryOf(const std::vector<TopRow>& rows, TopScope scope,
                      int64_t elapsed_ns);

}  // namespace keyport
