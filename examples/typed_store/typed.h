// Cap'n Proto structs as payloads, for both sides of the port.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/debug.h>

#include <cstring>

#include "ipc/message.h"
#include "ipc/types.h"

namespace typed_store {

// Methods by their ordinals in store.capnp.
inline constexpr uint32_t kPut = 0;
inline constexpr uint32_t kGet = 1;

// A struct that is being written.
template <typename Struct>
class Written {
 public:
  typename Struct::Builder root() { return root_; }
  // Valid as long as this object.
  ipc::Bytes payload() {
    words_ = capnp::messageToFlatArray(message_);
    return std::as_bytes(
        std::span(words_.asBytes().begin(), words_.asBytes().size()));
  }

 private:
  capnp::MallocMessageBuilder message_;
  typename Struct::Builder root_ = message_.initRoot<Struct>();
  kj::Array<capnp::word> words_;
};

// A struct that came. It is copied first: the bytes of a loan may change while
// they are read, and these are checked while they are read. Throws
// kj::Exception where they are no such struct, here and whenever a pointer is
// followed.
template <typename Struct>
class Read {
 public:
  explicit Read(const ipc::Message& message)
      : words_(kj::heapArray<capnp::word>(message.payload().size() /
                                          sizeof(capnp::word))),
        reader_((std::memcpy(words_.begin(), message.payload().data(),
                             words_.asBytes().size()),
                 words_)) {
    KJ_REQUIRE(message.payload().size() == words_.asBytes().size() &&
                   reader_.getEnd() == words_.end(),
               "there is more than one message in it");
  }
  typename Struct::Reader root() { return reader_.template getRoot<Struct>(); }

 private:
  kj::Array<capnp::word> words_;
  capnp::FlatArrayMessageReader reader_;
};

}  // namespace typed_store
