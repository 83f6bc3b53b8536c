// keeper: keeps values by key, for whoever may send to port `store`. A request
// that is no struct of the schema is dropped, which its caller sees at once.
#include <store.capnp.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/typed_store/typed.h"

namespace typed_store {
namespace {

// Whoever may send here shall not fill this process's memory.
constexpr size_t kValuesMost = 100'000;

template <typename Params>
std::string KeyOf(const Params& params) {
  const auto key = params.getKey();
  return std::string(key.begin(), key.size());
}

class Keeper {
 public:
  explicit Keeper(example::Service& service) : service_(service) {}

  absl::Status Run() {
    auto calls = service_.TakeReceiver("store");
    if (!calls.ok()) return calls.status();
    for (;;) {
      auto call = calls->Receive();
      if (!call.ok()) return call.status();
      if (call->wants_reply()) Answer(*call);
    }
  }

 private:
  void Answer(ipc::Message& call) {
    try {
      if (call.label() == kPut) return Put(call);
      if (call.label() == kGet) return Get(call);
      service_.Say(absl::StrCat("there is no method ", call.label()));
    } catch (const kj::Exception& error) {
      service_.Say(absl::StrCat("not the struct of method ", call.label(), ": ",
                                error.getDescription().cStr()));
    }
  }

  void Put(ipc::Message& call) {
    Read<Store::PutParams> request(call);
    const auto put = request.root();
    const auto value = put.getValue();
    if (values_.size() == kValuesMost && !values_.contains(KeyOf(put)))
      return service_.Say("there are as many values as are kept");
    values_[KeyOf(put)] = {std::string(value.asChars().begin(), value.size()),
                           put.getKeep()};
    Written<Store::PutResults> answer;
    answer.root().setValues(static_cast<uint32_t>(values_.size()));
    call.Reply(answer.payload()).IgnoreError();  // the caller may be gone
  }

  void Get(ipc::Message& call) {
    Read<Store::GetParams> request(call);
    const auto found = values_.find(KeyOf(request.root()));
    Written<Got> answer;
    if (found == values_.end()) {
      answer.root().setMissing();
    } else {
      const std::string& bytes = found->second.bytes;
      answer.root().setValue(
          kj::StringPtr(bytes.data(), bytes.size()).asBytes());
    }
    call.Reply(answer.payload()).IgnoreError();
    if (found != values_.end() && found->second.keep == Keep::ONCE)
      values_.erase(found);
  }

  struct Value {
    std::string bytes;
    Keep keep = Keep::ALWAYS;
  };
  example::Service& service_;
  std::map<std::string, Value> values_;
};

}  // namespace
}  // namespace typed_store

int main() {
  return example::RunService("keeper", [](example::Service& service) {
    return typed_store::Keeper(service).Run();
  });
}
