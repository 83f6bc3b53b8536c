// What the one door answers to every call, as syscalls.def says; and numbers
// that are no call.
#include <algorithm>

#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

struct Line {
  Syscall call;
  ObjectKind kind;
  Rights rights;
};

using abi::kRightDuplicate, abi::kRightInspect, abi::kRightManage,
    abi::kRightMap, abi::kRightRead, abi::kRightReceive, abi::kRightSend, abi::kRightTraceMeta,
    abi::kRightWait, abi::kRightWrite;

constexpr auto none = ObjectKind::none;
constexpr Line kLines[] = {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  {Syscall::name, ObjectKind::kind, rights},
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
};

const Line& LineOf(Syscall call) {
  return *std::find_if(std::begin(kLines), std::end(kLines),
                       [&](const Line& line) { return line.call == call; });
}

}  // namespace

void Syscalls::ExpectDoor(Syscall call, const Shape& shape) {
  const Line& line = LineOf(call);
  if (line.kind == ObjectKind::none) {
    EXPECT_EQ(ErrorOf(call, account(), shape.good), Error::invalid_args);
    ExpectRefusesFields(call, abi::kNoHandle, shape);
    return;
  }
  const bool any = line.kind == ObjectKind::any;
  const ObjectKind kind = any ? ObjectKind::port : line.kind;
  ExpectRefusesHandles(call, line.kind, line.rights);
  ExpectRefusesFields(call, Make(kind), shape);
}

// With options that do not exist either: the handle is looked at first.
void Syscalls::ExpectRefusesHandles(Syscall call, ObjectKind kind,
                                    Rights rights) {
  const CallArguments wrong = {.options = 1u << 31, .args = {9, 9, 9, 9}};
  EXPECT_EQ(ErrorOf(call, abi::kNoHandle, wrong), Error::bad_handle);
  EXPECT_EQ(ErrorOf(call, kNeverGiven, wrong), Error::bad_handle);
  const bool any = kind == ObjectKind::any;
  const Handle stale = Make(any ? ObjectKind::port : kind);
  ASSERT_EQ(ErrorOf(Syscall::handle_close, stale), Error::ok);
  EXPECT_EQ(ErrorOf(call, stale, wrong), Error::bad_handle);
  if (!any) {
    const Handle other = Weaker(
        Make(kind == ObjectKind::port ? ObjectKind::region : ObjectKind::port),
        0);
    EXPECT_EQ(ErrorOf(call, other, wrong), Error::wrong_type);
  }
  if (rights == 0) return;
  const Handle strong = Make(any ? ObjectKind::port : kind);
  const uint64_t held = Call(Syscall::handle_info, strong).value(0) >> 32;
  const auto weak =
      static_cast<Handle>(Call(Syscall::handle_replace, strong,
                               {.args = {held & ~uint64_t{rights}}})
                              .value(0));
  const Answer denied = Call(call, weak, wrong);
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(0), rights);
}

void Syscalls::ExpectRefusesFields(Syscall call, Handle handle,
                                   const Shape& shape) {
  for (uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((bit & shape.known_options) != 0) continue;
    CallArguments wrong = shape.good;
    wrong.options |= bit;
    ASSERT_EQ(ErrorOf(call, handle, wrong), Error::invalid_args)
        << "option " << bit;
  }
  for (uint32_t i = shape.args; i < 4; ++i) {
    CallArguments wrong = shape.good;
    wrong.args[i] = 1;
    EXPECT_EQ(ErrorOf(call, handle, wrong), Error::invalid_args)
        << "argument " << i;
  }
  if (shape.payload) return;
  CallArguments wrong = shape.good;
  wrong.payload = BytesOf("x");
  EXPECT_EQ(ErrorOf(call, handle, wrong), Error::invalid_args);
}

using UnknownSyscalls = Syscalls;

TEST_F(UnknownSyscalls, AreNotSupportedWhateverTheHandle) {
  for (const uint32_t number : {0u, abi::kSyscalls + 1, 1000u, 0x7fff'ffffu})
    for (const Handle handle : {abi::kNoHandle, kNeverGiven, account()})
      EXPECT_EQ(ErrorOf(static_cast<Syscall>(number), handle),
                Error::not_supported);
}

}  // namespace ipc
