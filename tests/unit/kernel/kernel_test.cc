// The fixture's helpers.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {

KernelTest::KernelTest() { root_ = AddRoot("root"); }

void KernelTest::Settle() { root_->Settle(); }

std::unique_ptr<RawClient> KernelTest::AddRoot(const char* name) {
  auto socket = std::make_shared<FakeSocket>();
  Session* session = kernel_.AddSession(Session::Origin::kRoot);
  session->transport = std::make_unique<FakeTransport>(socket);
  auto client = std::make_unique<RawClient>(&kernel_, session->id(), socket);
  client->Begin(name);
  return client;
}

std::unique_ptr<RawClient> KernelTest::AddPath(const char* name) {
  auto socket = std::make_shared<FakeSocket>();
  Session* session = kernel_.AddSession(Session::Origin::kPath);
  session->transport = std::make_unique<FakeTransport>(socket);
  auto client = std::make_unique<RawClient>(&kernel_, session->id(), socket);
  client->Begin(name);
  return client;
}

std::vector<uint8_t> KernelTest::CreatePayload(
    const char* name, const std::vector<Given>& given) {
  abi::ProcessCreate head = {};
  std::strncpy(head.name, name, sizeof(head.name) - 1);
  head.count = static_cast<uint32_t>(given.size());
  std::vector<uint8_t> payload = Bytes(&head, sizeof(head));
  for (const Given& one : given) {
    abi::InitialItem item = {};
    std::strncpy(item.name, one.name.c_str(), sizeof(item.name) - 1);
    item.handle = one.handle;
    item.rights = one.rights;
    item.mode = one.mode;
    const auto bytes = Bytes(&item, sizeof(item));
    payload.insert(payload.end(), bytes.begin(), bytes.end());
  }
  return payload;
}

std::unique_ptr<RawClient> KernelTest::AddChild(RawClient& parent,
                                                const std::vector<Given>& given,
                                                Handle account) {
  if (account == 0) account = parent.Named("account");
  const Done made = parent.Call(abi::Syscall::process_create, account, {},
                                {.payload = CreatePayload("child", given)});
  EXPECT_EQ(made.error(), Error::ok);
  if (made.error() != Error::ok) return nullptr;
  FakeHost::Child child = host_.children.front();
  host_.children.pop_front();
  auto client =
      std::make_unique<RawClient>(&kernel_, child.session, child.socket);
  client->Begin("child");
  return client;
}

Handle KernelTest::CreatePort(RawClient& client, uint32_t options,
                              uint32_t ring_bytes, uint32_t ring_bytes_max) {
  const Done made =
      client.Call(abi::Syscall::port_create, client.Named("account"),
                  {ring_bytes, ring_bytes_max}, {.options = options});
  EXPECT_EQ(made.error(), Error::ok);
  return made.handle();
}

Handle KernelTest::CreateRegion(RawClient& client, uint64_t bytes) {
  const Done made = client.Call(abi::Syscall::region_create,
                                client.Named("account"), {bytes});
  EXPECT_EQ(made.error(), Error::ok);
  return made.handle();
}

RawEnd KernelTest::Connect(RawClient& client, Handle port) {
  const Done made = client.Call(abi::Syscall::port_connect, port);
  EXPECT_EQ(made.error(), Error::ok);
  RawEnd end;
  if (made.error() != Error::ok) return end;
  end.lane = made.handle();
  end.own = *base::Half::Map(made.descriptors[0].get(),
                             static_cast<uint32_t>(made.value(2)),
                             made.value(1), base::Access::kReadWrite);
  end.writer = base::RingWriter(end.own, 0);
  EXPECT_EQ(client.Call(abi::Syscall::lane_ready, end.lane).error(), Error::ok);
  return end;
}

RawEnd KernelTest::Open(RawClient& client, abi::LaneOpened* opened) {
  const Done event = client.TakeEvent(abi::Event::lane_opened);
  RawEnd end;
  if (event.descriptors.size() != 3) return end;
  const auto told = event.As<abi::LaneOpened>();
  if (opened != nullptr) *opened = told;
  const auto ring_bytes = static_cast<uint32_t>(event.value(0));
  end.lane = static_cast<Handle>(event.completion.user_data);
  end.theirs = *base::Half::Map(event.descriptors[0].get(), ring_bytes,
                                event.value(1), base::Access::kRead);
  end.own = *base::Half::Map(event.descriptors[1].get(), ring_bytes,
                             event.value(2), base::Access::kReadWrite);
  end.own->head().store(told.request_start);
  end.own->tail().store(told.reply_start);
  end.reader = base::RingReader(end.theirs, told.request_start);
  end.writer = base::RingWriter(end.own, told.reply_start);
  EXPECT_EQ(client.Call(abi::Syscall::lane_ready, end.lane).error(), Error::ok);
  return end;
}

Error KernelTest::GoOnIn(RawClient& client, RawEnd& end, uint32_t bytes) {
  const Done granted =
      client.Call(abi::Syscall::lane_resize, end.lane, {bytes});
  if (granted.error() != Error::ok) return granted.error();
  auto ring = end.own;
  if (!granted.descriptors.empty())
    ring = *base::Half::WithRing(end.own, granted.descriptors[0].get(), bytes,
                                 granted.value(0), base::Access::kReadWrite);
  const Error told =
      client.Call(abi::Syscall::lane_resized, end.lane, {end.writer.position()})
          .error();
  if (told == Error::ok) end.writer.GoOnIn(ring);
  return told;
}

void KernelTest::FollowTo(RawClient& client, RawEnd& end) {
  const Done event = client.TakeEvent(abi::Event::lane_ring);
  EXPECT_EQ(event.value(0), end.reader.position());
  if (event.descriptors.empty()) {
    end.reader.GoOnIn(end.theirs);
    return;
  }
  end.reader.GoOnIn(*base::Half::WithRing(end.theirs,
                                          event.descriptors[0].get(),
                                          static_cast<uint32_t>(event.value(1)),
                                          event.value(2), base::Access::kRead));
}

void KernelTest::Joined(RawClient& client, RawEnd* end) {
  const Done event = client.TakeEvent(abi::Event::lane_joined);
  if (event.descriptors.size() != 1) return;
  end->theirs =
      *base::Half::Map(event.descriptors[0].get(), end->own->ring_bytes(),
                       event.value(0), base::Access::kRead);
  end->reader = base::RingReader(end->theirs, event.value(2));
}

}  // namespace kernel
