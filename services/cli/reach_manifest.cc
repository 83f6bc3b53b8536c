// A ReachModel of a manifest: the supervisor makes each port and gives every
// instance what was planned for it.
#include "services/cli/reach_model.h"
#include "services/common/text_table.h"
#include "services/common/trace_names.h"

namespace keyport {
namespace {

constexpr uint64_t kSupervisor = 1;
constexpr uint64_t kFirstOfEverything = UINT64_MAX;

class ManifestModel {
 public:
  ManifestModel(const Manifest& manifest,
                const std::vector<Instance>& instances)
      : manifest_(manifest), instances_(instances) {
    model_.source = ReachModel::Source::kManifest;
  }

  ReachModel Make() {
    AddProcess("supervisor", "");
    AddOfEverything({}, kSupervisor, ipc::kRightsAll);
    for (const PortSpec& port : manifest_.ports) AddPort(port);
    for (const Instance& instance : instances_) AddInstance(instance);
    return std::move(model_);
  }

 private:
  uint64_t AddProcess(const std::string& name, const std::string& service) {
    const uint64_t id = model_.processes.size() + 1;
    model_.processes.push_back({.id = id,
                                .name = Printable(name),
                                .label = Printable(name),
                                .service = Printable(service),
                                .ended = false});
    return id;
  }

  // A port's id is also the serial of its first capability.
  static uint64_t PortId(size_t index) { return index + 1; }

  void AddPort(const PortSpec& spec) {
    const uint64_t id = PortId(model_.ports.size());
    model_.ports.push_back({.id = id,
                            .name = Printable(spec.name.text),
                            .label = ":" + Printable(spec.name.text),
                            .maker = kSupervisor,
                            .closed = false,
                            .secret = spec.secrecy == ipc::Secrecy::kSecret});
    model_.capabilities.push_back({.serial = id,
                                   .parent = 0,
                                   .process = kSupervisor,
                                   .port = id,
                                   .badge = 0,
                                   .rights = ipc::kRightsAll,
                                   .handle = 0,
                                   .made_by = 0,
                                   .ends_ns = 0,
                                   .trace_limits = {},
                                   .name = "",
                                   .place = Place(spec.name.at)});
  }

  void AddInstance(const Instance& instance) {
    const ServiceSpec& service = manifest_.services[instance.service];
    const uint64_t process = AddProcess(instance.name, service.name.text);
    model_.starts.push_back({kSupervisor, process});
    for (size_t i = 0; i < instance.capabilities.size(); ++i) {
      const PlannedCapability& planned = instance.capabilities[i];
      const uint64_t port = PortId(planned.port);
      model_.capabilities.push_back({.serial = model_.capabilities.size() + 1,
                                     .parent = port,
                                     .process = process,
                                     .port = port,
                                     .badge = planned.badge,
                                     .rights = planned.rights,
                                     .handle = 0,
                                     .made_by = 0,
                                     .ends_ns = 0,
                                     .trace_limits = planned.trace_limits,
                                     .name = Printable(planned.name),
                                     .place = Place(PositionOf(service, i))});
      if ((planned.rights & ipc::kRightReceive) != 0)
        model_.receivers.push_back({port, process});
    }
    if (instance.kernel_rights != 0)
      AddOfEverything(service.name.at, process, instance.kernel_rights,
                      instance.kernel_trace_limits);
  }

  // The supervisor's comes first, and the others are derived from it.
  // Serials are counted down, from where those for ports never come.
  void AddOfEverything(const Position& at, uint64_t process, ipc::Rights rights,
                       const ipc::TraceLimits& limits = {}) {
    ReachModel::Capability capability;
    const size_t before = model_.of_everything.size();
    capability.serial = kFirstOfEverything - before;
    capability.parent = before == 0 ? 0 : kFirstOfEverything;
    capability.process = process;
    capability.port = ReachModel::kEverything;
    capability.rights = rights;
    capability.trace_limits = limits;
    if (before != 0) {
      capability.name = kTraceEverything;
      capability.place = Place(at);
    }
    model_.of_everything.push_back(std::move(capability));
  }

  // A plan has what a service provides first, then what it uses, then what it
  // traces.
  static Position PositionOf(const ServiceSpec& service, size_t index) {
    if (index < service.provides.size()) return service.provides[index].at;
    index -= service.provides.size();
    if (index < service.uses.size()) return service.uses[index].port.at;
    return service.traces.ports[index - service.uses.size()].at;
  }

  std::string Place(const Position& at) const {
    return manifest_.path + ":" + std::to_string(at.line) + ":" +
           std::to_string(at.column);
  }

  const Manifest& manifest_;
  const std::vector<Instance>& instances_;
  ReachModel model_;
};

}  // namespace

ReachModel ReachModelOf(const Manifest& manifest,
                        const std::vector<Instance>& instances) {
  return ManifestModel(manifest, instances).Make();
}

}  // namespace keyport
