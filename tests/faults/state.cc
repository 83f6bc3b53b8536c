#include "tests/faults/state.h"

#include <algorithm>
#include <sstream>

#include "kernel/object/reply.h"
#include "libipc/base/names.h"

namespace faults {
namespace {

using kernel::As;
using kernel::Capability;
using kernel::Lane;
using kernel::Notification;
using kernel::Object;
using kernel::ObjectKind;
using kernel::Port;
using kernel::Region;
using kernel::Reply;
using kernel::RequestRing;
using kernel::Session;

void Counts(std::ostream& out, const Object& object) {
  out << " capabilities=" << object.capabilities << " users=" << object.users
      << " waits=" << object.waits.size() << "\n";
}

uint64_t IdOf(const Session* session) {
  return session == nullptr ? 0 : session->id();
}

void Describe(std::ostream& out, const Port& port) {
  out << "port " << port.id << " name=" << port.name
      << " owner=" << port.owner_process << " options=" << port.options
      << " ring=" << port.ring_bytes << " charged=" << port.charged->id
      << " senders=" << port.senders << "/" << port.send_capabilities
      << " receivers=" << port.receivers << " no_senders=" << port.no_senders
      << "/" << port.no_senders_generation << " closed=" << port.closed
      << " tracers=" << port.traced.tracers() << " lanes=";
  for (const auto& [id, lane] : port.lanes) out << id << ",";
  out << " listeners=";
  for (const Port::Listener& one : port.listeners)
    out << IdOf(one.session) << ":" << one.capability->serial << ":"
        << one.lanes << ",";
  Counts(out, port);
}

void Describe(std::ostream& out, const Lane::End& end) {
  // The session of an end that was left may be gone.
  out << " end={session=" << (end.handle != nullptr ? IdOf(end.session) : 0)
      << " process=" << end.process
      << " handle=" << (end.handle != nullptr ? end.handle->handle : 0)
      << " key=" << end.key << " memory=" << end.memory.valid()
      << " ready=" << end.ready() << " attached=";
  for (const auto& [number, attachment] : end.attachments)
    out << number << ":" << attachment.region->id << ",";
  out << "}";
}

// Where it begins, and what memory it has beside the half's.
void Describe(std::ostream& out, const char* which, const RequestRing* ring) {
  if (ring == nullptr) return;
  out << " " << which << "=" << ring->start;
  if (ring->grown == nullptr) return;
  out << "+" << ring->grown->bytes << " key=" << ring->grown->key
      << " ready=" << (ring->grown->half != nullptr);
}

void Describe(std::ostream& out, const Lane& lane) {
  out << "lane " << lane.id << " port=" << lane.port->id
      << " badge=" << lane.badge << " charged=" << lane.charged->id
      << " capability="
      << (lane.send_capability != nullptr ? lane.send_capability->serial : 0)
      << " taken=" << lane.taken << " reply_end=" << lane.reply_end
      << " cut=" << lane.cut << lane.sender_cut << "@" << lane.cut_end
      << " leaves=" << static_cast<int>(lane.sender_leaves)
      << " traced=" << lane.tracing.on() << " retired=" << lane.retired;
  Describe(out, "ring", &lane.ring);
  Describe(out, "last", lane.last.get());
  Describe(out, "asked", lane.asked.get());
  Describe(out, lane.ends[0]);
  Describe(out, lane.ends[1]);
  for (const auto& [token, transfer] : lane.transfers) {
    out << " transfer=" << token << "/" << static_cast<int>(transfer->from)
        << "/" << transfer->process << ":";
    for (const auto& item : transfer->items)
      out << (item.capability != nullptr ? item.capability->serial : 0) << ",";
  }
  out << " replies=";
  for (const auto& [correlation, reply] : lane.replies)
    out << correlation << ":" << reply->id << ",";
  Counts(out, lane);
}

void Describe(std::ostream& out, const kernel::Topic& topic) {
  const auto& publication = topic.publication;
  out << "topic " << topic.id << " name=" << topic.name
      << " publication=" << publication.number << "/"
      << IdOf(publication.session) << "/" << publication.key
      << " memory=" << publication.memory.valid() << publication.ready()
      << " charged="
      << (publication.charged != nullptr ? publication.charged->id : 0)
      << " end=" << topic.end.position << "/" << topic.end.sequence
      << " publishers=" << topic.publishers << topic.closed
      << " reliable=" << topic.reliable << " cuts=" << topic.cuts
      << " seats=" << topic.seats_used << "-" << topic.free_seats.size()
      << " subscriptions=";
  for (const auto& [id, subscription] : topic.subscriptions) out << id << ",";
  Counts(out, topic);
}

void Describe(std::ostream& out, const kernel::Subscription& one) {
  out << "subscription " << one.id << " process=" << one.process
      << " seat=" << one.seat << " options=" << one.options
      << " memory=" << one.memory.valid() << " ready=" << one.ready
      << " cut=" << one.cut << " told=" << one.told << "/" << one.whole;
  Counts(out, one);
}

void Describe(std::ostream& out, const Region& region) {
  out << "region " << region.id << " bytes=" << region.bytes
      << " memory=" << region.memory.valid()
      << " owner=" << region.owner_process << " charged=" << region.charged->id
      << " guarantee=" << region.guarantee << " grants=" << region.grants
      << " attachments=" << region.attachments << " options=" << region.options
      << " sessions=" << region.sessions << " writers=" << region.Writers()
      << " state=" << static_cast<uint32_t>(region.state);
  for (const auto& [offset, lock] : region.locks)
    out << " lock@" << offset << "=" << lock->members();
  Counts(out, region);
}

void Describe(std::ostream& out, const kernel::Account& account) {
  out << "account " << account.id << " name=" << account.name
      << " parent=" << (account.parent != nullptr ? account.parent->id : 0)
      << " used=";
  for (const uint64_t used : account.used) out << used << ",";
  out << " limit=";
  for (const uint64_t limit : account.limit) out << limit << ",";
  out << " soft=";
  for (const uint64_t soft : account.soft) out << soft << ",";
  out << " at_soft=" << account.at_soft_limit() << " consumers=";
  for (const uint32_t consumers : account.consumers) out << consumers << ",";
  out << " options=" << account.options;
  Counts(out, account);
}

template <typename Set>
std::string Ids(const Set& set) {
  std::vector<uint64_t> ids;
  ids.reserve(set.size());
  for (const auto* one : set) ids.push_back(one->id);
  std::sort(ids.begin(), ids.end());
  std::string text;
  for (const uint64_t id : ids) text += std::to_string(id) + ",";
  return text;
}

void Describe(std::ostream& out, const Session& session) {
  out << "  session state=" << static_cast<int>(session.state)
      << " account=" << session.account->id
      << " handles=" << session.handles.size() << " names=";
  for (const Session::Name& name : session.names)
    out << name.name << ":" << name.handle << ",";
  out << " waits=";
  for (const auto& [user_data, wait] : session.waits)
    out << user_data << ":" << wait->call << ":" << wait->what.signals << ":"
        << wait->capability->serial << ",";
  out << " listening=" << Ids(session.listening)
      << " granted=" << Ids(session.granted)
      << " lanes=" << session.lanes_sending << "/" << session.lanes_receiving
      << " spare=" << session.spare.number()
      << " trace_rings=" << session.trace_rings
      << " tracings=" << session.tracings.size() << "\n";
}

void Describe(std::ostream& out, const kernel::Process& process) {
  out << "process " << process.id << " name=" << process.name
      << " state=" << static_cast<int>(process.state)
      << " exit=" << process.exit;
  Counts(out, process);
  if (process.session != nullptr) Describe(out, *process.session);
}

void Describe(std::ostream& out, const Notification& notification) {
  out << "notification " << notification.id
      << " owner=" << notification.owner_process
      << " charged=" << notification.charged->id
      << " value=" << notification.value
      << " has=" << notification.Has(~uint64_t{0}) << " takers=";
  for (const auto& [order, wait] : notification.takers)
    out << wait->user_data << ":" << wait->what.mask << ",";
  Counts(out, notification);
}

void Describe(std::ostream& out, const Reply& reply) {
  out << "reply " << reply.id
      << " lane=" << (reply.lane != nullptr ? reply.lane->id : 0)
      << " correlation=" << reply.call.correlation
      << " state=" << static_cast<int>(reply.state)
      << " charged=" << reply.charged->id;
  Counts(out, reply);
}

void Describe(std::ostream& out, const kernel::CapabilityTree& tree,
              const Capability& capability) {
  const Capability* parent = tree.LivingParent(capability);
  out << "capability " << capability.serial
      << " object=" << capability.object->id << " rights=" << capability.rights
      << " badge=" << capability.badge << " made_by=" << capability.made_by
      << " ends=" << capability.ends_ns()
      << " where=" << static_cast<int>(capability.where)
      << " holder=" << IdOf(capability.holder())
      << " handle=" << capability.handle << " charged=" << capability.charged
      << " grants=" << capability.grants()
      << " parent=" << (parent != nullptr ? parent->serial : 0);
  if (capability.use != nullptr)
    out << " use=" << Ids(capability.use->lanes) << "/"
        << capability.use->waits.size() << "/" << capability.use->listening;
  out << "\n";
}

template <typename T>
void DescribeAll(std::ostream& out, const kernel::Kernel& kernel,
                 ObjectKind kind) {
  for (const auto& [id, object] : kernel.objects(kind))
    Describe(out, As<T>(*object));
}

}  // namespace

std::string DescribeKernel(kernel::Kernel& kernel) {
  std::ostringstream out;
  DescribeAll<kernel::Account>(out, kernel, ObjectKind::account);
  DescribeAll<kernel::Process>(out, kernel, ObjectKind::process);
  DescribeAll<Port>(out, kernel, ObjectKind::port);
  DescribeAll<Lane>(out, kernel, ObjectKind::lane);
  DescribeAll<Region>(out, kernel, ObjectKind::region);
  DescribeAll<Notification>(out, kernel, ObjectKind::notification);
  DescribeAll<Reply>(out, kernel, ObjectKind::reply);
  DescribeAll<kernel::Topic>(out, kernel, ObjectKind::topic);
  DescribeAll<kernel::Subscription>(out, kernel, ObjectKind::subscription);
  const kernel::CapabilityTree& tree = kernel.tree();
  for (const Capability* at = tree.LivingAfter(0); at != nullptr;
       at = tree.LivingAfter(at->index))
    Describe(out, tree, *at);
  return out.str();
}

std::string DescribeDone(const ipc::abi::Completion& completion,
                         const std::vector<uint8_t>& payload) {
  std::ostringstream out;
  out << std::hex << completion.number << std::dec << " "
      << base::ErrorName(completion.error) << " for " << completion.user_data
      << " values=";
  for (const uint64_t value : completion.values) out << value << ",";
  out << " descriptors=" << completion.descriptor_count << " payload=";
  for (const uint8_t byte : payload) out << static_cast<int>(byte) << ",";
  return out.str();
}

}  // namespace faults
