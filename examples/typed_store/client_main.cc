// client [COUNT]: has COUNT (100) values kept, one after the other, and reads
// each back twice. Every second one is kept until it is read, so half of the
// second readings find nothing.
#include <stdio.h>
#include <store.capnp.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "examples/common/service.h"
#include "examples/typed_store/typed.h"

namespace typed_store {
namespace {

std::string ValueOf(uint32_t number) {
  number %= 1'000;
  return std::string(number % 300 + 1, static_cast<char>('a' + number % 26));
}

// Keys come again.
std::string KeyOf(uint32_t number) {
  return absl::StrCat("key ", number % 1'000);
}

class Client {
 public:
  explicit Client(ipc::Sender store) : store_(std::move(store)) {}

  absl::Status Run(uint32_t count) {
    for (uint32_t i = 1; i <= count; ++i) {
      if (auto kept = Put(i); !kept.ok()) return kept;
      for (int reading = 0; reading < 2; ++reading)
        if (auto got = Get(i); !got.ok()) return got;
    }
    ::printf("%u values kept, %u read, %u missing\n", count, read_, missing_);
    return absl::OkStatus();
  }

 private:
  absl::Status Put(uint32_t number) {
    Written<Store::PutParams> request;
    request.root().setKey(KeyOf(number));
    const std::string value = ValueOf(number);
    request.root().setValue(
        kj::StringPtr(value.data(), value.size()).asBytes());
    request.root().setKeep(number % 2 == 0 ? Keep::ONCE : Keep::ALWAYS);
    const auto answer = store_.Call(request.payload(), {.label = kPut});
    return answer.ok() ? absl::OkStatus() : answer.status();
  }

  absl::Status Get(uint32_t number) {
    Written<Store::GetParams> request;
    request.root().setKey(KeyOf(number));
    const auto answer = store_.Call(request.payload(), {.label = kGet});
    if (!answer.ok()) return answer.status();
    try {
      Read<Got> got(*answer);
      return Count(number, got.root());
    } catch (const kj::Exception& error) {
      return absl::DataLossError(absl::StrCat(
          "the answer is not the schema's: ", error.getDescription().cStr()));
    }
  }

  absl::Status Count(uint32_t number, const Got::Reader& got) {
    if (got.isMissing()) {
      ++missing_;
      return absl::OkStatus();
    }
    ++read_;
    const auto value = got.getValue().asChars();
    if (std::string(value.begin(), value.size()) == ValueOf(number))
      return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("the value of key ", number, " is another one"));
  }

  ipc::Sender store_;
  uint32_t read_ = 0;
  uint32_t missing_ = 0;
};

absl::Status Run(example::Service& service, uint32_t count) {
  auto store = service.TakeSender("store");
  if (!store.ok()) return store.status();
  return Client(*std::move(store)).Run(count);
}

}  // namespace
}  // namespace typed_store

int main(int argc, char** argv) {
  uint32_t count = 100;
  if (argc > 2 || (argc == 2 && !absl::SimpleAtoi(argv[1], &count))) {
    ::fprintf(stderr, "usage: keyport-typed-client [COUNT]\n");
    return 2;
  }
  return example::RunService("client", [&](example::Service& service) {
    return typed_store::Run(service, count);
  });
}
