#include "services/cli/extcap_command.h"

#include <cstdio>
#include <string_view>

#include "ipc/status.h"
#include "services/cli/graph_schemas.h"
#include "services/cli/inspect_commands.h"
#include "services/tracer/pcapng.h"

namespace keyport {
namespace {

constexpr char kInterface[] = "keyport";

constexpr char kInterfaces[] =
    "extcap {version=1.0}\n"
    "interface {value=keyport}{display=Keyport}\n";

constexpr char kOptions[] =
    "arg {number=0}{call=--port}{display=Port}{type=string}"
    "{tooltip=Only what passes over this port}{required=false}\n"
    "arg {number=1}{call=--service}{display=Service}{type=string}"
    "{tooltip=Only what this service sends or receives}{required=false}\n"
    "arg {number=2}{call=--socket}{display=Socket}{type=string}"
    "{tooltip=The graph's socket, if several run}{required=false}\n"
    "arg {number=3}{call=--payload}{display=Payload}{type=boolflag}"
    "{tooltip=What is in the messages too}{required=false}\n"
    "arg {number=4}{call=--snaplen}{display=Payload bytes}{type=unsigned}"
    "{tooltip=So many of its first bytes; 96}{required=false}\n";

int Complaint(const std::string& text) {
  return Complain(ipc::MakeStatus(ipc::Error::invalid_args, text));
}

int Capture(const ExtcapOptions& options) {
  if (options.record.files.path.empty())
    return Complaint("--capture takes --fifo, where the packets go");
  // Wireshark shows whatever a source says as an error, and a schema that is
  // gone is none.
  const auto schemas =
      SchemasForGraph({}, options.record.socket, [](const absl::Status&) {});
  if (!schemas.ok()) return Complain(schemas.status());
  return RunRecord(options.record, *schemas, RecordSays::kErrorsOnly);
}

}  // namespace

bool IsExtcapCall(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  return first.starts_with("--extcap-") || first == "--capture";
}

int RunExtcap(const ExtcapOptions& options) {
  if (options.asks == ExtcapAsks::kInterfaces) {
    std::fputs(kInterfaces, stdout);
    return 0;
  }
  if (options.asks == ExtcapAsks::kNothing)
    return Complaint(
        "extcap takes --extcap-interfaces, --extcap-dlts, --extcap-config or "
        "--capture; it is for Wireshark");
  if (options.interface != kInterface)
    return Complaint("the only interface is --extcap-interface keyport");
  if (options.asks == ExtcapAsks::kCapture) return Capture(options);
  if (options.asks == ExtcapAsks::kOptions)
    std::fputs(kOptions, stdout);
  else
    std::printf("dlt {number=%u}{name=USER0}{display=Keyport}\n",
                kLinkTypeUser0);
  return 0;
}

}  // namespace keyport
