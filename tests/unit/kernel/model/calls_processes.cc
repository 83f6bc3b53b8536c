// The model of the calls about processes.
#include <cstring>

#include "tests/unit/kernel/model/calls.h"

namespace model::calls {
namespace {

// A zero-filled field with a name that a zero ends.
std::optional<std::string> FieldName(const char (&field)[abi::kNameBytesMax]) {
  std::string name;
  bool ended = false;
  for (const char c : field) {
    if (ended && c != 0) return std::nullopt;
    if (c == 0) ended = true;
    if (!ended) name += c;
  }
  if (name.empty() || !ended) return std::nullopt;
  return name;
}

struct Wanted {
  std::string name;
  std::vector<abi::InitialItem> items;
  std::vector<std::string> names;
  std::vector<Gift> gifts;
};

Answer Parse(const std::vector<uint8_t>& payload, Wanted* wanted) {
  abi::ProcessCreate head;
  if (payload.size() < sizeof(head)) return Error::invalid_args;
  std::memcpy(&head, payload.data(), sizeof(head));
  if (head.count > abi::kInitialHandlesMax)
    return Answer::Failed(Error::out_of_range, 0, abi::kInitialHandlesMax);
  const size_t bytes = head.count * sizeof(abi::InitialItem);
  if (head.reserved != 0 || payload.size() != sizeof(head) + bytes)
    return Error::invalid_args;
  const auto name = FieldName(head.name);
  if (!name.has_value()) return Error::invalid_args;
  wanted->name = *name;
  wanted->items.resize(head.count);
  if (bytes != 0)
    std::memcpy(wanted->items.data(), payload.data() + sizeof(head), bytes);
  return {};
}

Answer CheckItems(Model& model, Session& session, Wanted* wanted) {
  std::set<std::string> names;
  std::set<Handle> moved;
  for (const abi::InitialItem& item : wanted->items) {
    const Gift gift =
        CheckGift(model, session, item.handle, item.rights, item.mode);
    if (gift.error == Error::bad_handle)
      return Model::BadHandle(session, item.handle);
    if (gift.error == Error::access_denied)
      return Answer::Failed(gift.error, NeededToGive(item.mode));
    if (gift.error != Error::ok) return gift.error;
    const auto name = FieldName(item.name);
    if (!name.has_value() || item.reserved != 0 || !names.insert(*name).second)
      return Error::invalid_args;
    if (gift.move && !moved.insert(item.handle).second)
      return Error::invalid_args;
    wanted->names.push_back(*name);
    wanted->gifts.push_back(gift);
  }
  for (const Gift& gift : wanted->gifts)
    if (!gift.move && moved.count(gift.cap->handle) != 0)
      return Error::invalid_args;
  return {};
}

}  // namespace

Answer process_create(Call& call) {
  if (!call.Fits({.payload = true})) return Error::invalid_args;
  Wanted wanted;
  if (Answer bad = Parse(call.request.payload, &wanted); !bad.ok()) return bad;
  if (Answer bad = CheckItems(call.model, call.session, &wanted); !bad.ok())
    return bad;
  Account& account = call.object<Account>();
  if (Answer full = call.Room(1); !full.ok()) return full;
  Amounts both = Model::Handles(wanted.gifts.size() + 1);
  Model::Put(&both, AccountItem::processes, 1);
  if (Answer full = Model::Refusal(account, both); !full.ok()) return full;
  Session& child = call.model.NewSession(Session::Origin::kChild, account);
  call.model.Charge(account, Model::One(AccountItem::processes));
  child.process->name = wanted.name;
  for (size_t i = 0; i < wanted.gifts.size(); ++i) {
    Cap& cap = TakeGift(call.model, call.session, wanted.gifts[i]);
    child.names.push_back(
        {wanted.names[i], call.model.Place(child, cap, &account, 0)});
  }
  Cap& made = call.model.NewCap({.object = child.process,
                                 .rights = abi::kRightsAll,
                                 .made_by = call.session.id()});
  Answer answer = Answer::Of(
      call.model.Place(call.session, made, call.session.account, call.given()),
      child.id());
  answer.descriptors = 1;
  return answer;
}

Answer process_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  const Process& process = call.object<Process>();
  return Answer::Of(
      static_cast<uint64_t>(process.state), static_cast<uint64_t>(process.pid),
      process.session != nullptr ? process.session->table.size() : 0,
      process.id);
}

}  // namespace model::calls
