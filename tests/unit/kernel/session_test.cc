// A session against a client that lies, floods or never reads.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class SessionTest : public KernelTest {
 protected:
  std::unique_ptr<RawClient> Fresh() {
    auto socket = std::make_shared<FakeSocket>();
    Session* session = kernel_.AddSession(Session::Origin::kPath);
    session->transport = std::make_unique<FakeTransport>(socket);
    return std::make_unique<RawClient>(&kernel_, session->id(), socket);
  }
  // Publishes one record of this form on the request ring.
  void Publish(RawClient& client, abi::RecordHeader header) {
    client.writer().Publish(header);
    client.Bell();
    Settle();
  }
  bool Served(RawClient& client) {
    return client.Call(Syscall::session_info, 0).error() == Error::ok;
  }
};

TEST_F(SessionTest, OtherVersionIsRefusedByName) {
  auto client = Fresh();
  client->SayHello("tool", abi::kVersion + 1);
  ASSERT_EQ(client->socket()->sent.size(), 1u);
  abi::Welcome welcome;
  std::memcpy(&welcome, client->socket()->sent[0].bytes.data(),
              sizeof(welcome));
  EXPECT_EQ(welcome.kind, abi::SocketKind::refused);
  EXPECT_EQ(welcome.error, Error::not_supported);
  EXPECT_FALSE(client->alive());
}

TEST_F(SessionTest, WelcomeTellsWhatItWasStartedWith) {
  auto client = Fresh();
  client->SayHello("tool");
  ASSERT_EQ(client->socket()->sent.size(), 1u);
  const std::vector<uint8_t>& bytes = client->socket()->sent[0].bytes;
  abi::Welcome welcome;
  abi::NamedCapability name;
  ASSERT_EQ(bytes.size(), sizeof(welcome) + sizeof(name));
  std::memcpy(&welcome, bytes.data(), sizeof(welcome));
  std::memcpy(&name, bytes.data() + sizeof(welcome), sizeof(name));
  EXPECT_EQ(welcome.name_count, 1u);
  EXPECT_STREQ(name.name, "kernel");
  EXPECT_EQ(name.kind, ObjectKind::kernel);
  EXPECT_EQ(name.rights, abi::kRightInspect | abi::kRightTraceMeta |
                             abi::kRightTracePayload | abi::kRightTraceStall |
                             abi::kRightWait);
  EXPECT_NE(client->session()->handles.Find(name.handle), nullptr);
}

TEST_F(SessionTest, WelcomeGivesNoHandleForWhatIsGone) {
  auto client = Fresh();
  kernel_.Destroy(*client->session()->handles.At(0), Ending::kClosed);
  client->SayHello("tool");
  abi::NamedCapability name;
  const std::vector<uint8_t>& bytes = client->socket()->sent.at(0).bytes;
  std::memcpy(&name, bytes.data() + sizeof(abi::Welcome), sizeof(name));
  EXPECT_EQ(name.handle, abi::kNoHandle);
  EXPECT_EQ(name.kind, ObjectKind::none);
}

TEST_F(SessionTest, ForeignUserIsRefusedOnThePath) {
  auto client = Fresh();
  client->SayHello("tool", abi::kVersion, 12345);
  abi::Welcome welcome;
  std::memcpy(&welcome, client->socket()->sent[0].bytes.data(),
              sizeof(welcome));
  EXPECT_EQ(welcome.error, Error::access_denied);
  EXPECT_FALSE(client->alive());
}

TEST_F(SessionTest, AnythingOutOfOrderEndsTheSession) {
  abi::SocketMessage word = {
      .magic = abi::kMagic, .kind = abi::SocketKind::ready, .serial = 0};
  {
    auto client = Fresh();  // ready before hello
    kernel_.Receive(*client->session(), Bytes(&word, sizeof(word)), {});
    EXPECT_FALSE(client->alive());
  }
  {
    auto client = AddPath("tool");  // ready twice
    kernel_.Receive(*client->session(), Bytes(&word, sizeof(word)), {});
    EXPECT_FALSE(client->alive());
  }
  for (const size_t size : {0u, 1u, 15u, 17u, 63u, 65u}) {
    auto client = AddPath("tool");
    kernel_.Receive(*client->session(), std::vector<uint8_t>(size), {});
    EXPECT_FALSE(client->alive());
  }
  Settle();
  EXPECT_TRUE(Served(*root_));
}

TEST_F(SessionTest, WrongSizesOnTheRingEndTheSession) {
  for (const uint32_t bytes :
       {0u, 1u, 63u, 64u + 16'384 + 1, 65'600u, 65'601u, ~0u}) {
    auto client = AddPath("tool");
    abi::RecordHeader header = {};
    header.payload_bytes = bytes;
    // Stamped by hand: the writer would run off with such a size.
    std::memcpy(client->requests()->ring(), &header, sizeof(header));
    reinterpret_cast<abi::RecordHeader*>(client->requests()->ring())->stamp =
        client->requests()->key();
    client->Bell();
    Settle();
    EXPECT_FALSE(client->alive()) << bytes;
  }
  EXPECT_TRUE(Served(*root_));
}

TEST_F(SessionTest, WrongStampsAreNotTakenForRecords) {
  auto client = AddPath("tool");
  auto* header =
      reinterpret_cast<abi::RecordHeader*>(client->requests()->ring());
  header->payload_bytes = 64;
  for (const uint64_t stamp :
       {uint64_t{1}, client->requests()->key() + 64, ~uint64_t{0}}) {
    header->stamp = stamp;
    client->requests()->tail().store(~uint64_t{0});
    client->Bell();
    Settle();
    EXPECT_FALSE(client->TryTake().has_value());
  }
  header->stamp = 0;
  EXPECT_TRUE(Served(*client));
}

TEST_F(SessionTest, ClientThatNeverReadsIsServedNoMore) {
  auto client = AddPath("tool");
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 60; ++i)
      client->Submit(Syscall::session_info, 0, {}, {.user_data = 1});
    Settle();
    if (client->session()->process->requests < 60u * (round + 1)) break;
  }
  const uint64_t requests = client->session()->process->requests;
  EXPECT_LT(requests, 1000u);
  for (int i = 0; i < 100; ++i) {
    client->Bell();
    Settle();
  }
  EXPECT_EQ(client->session()->process->requests, requests);
  EXPECT_FALSE(kernel_.HasWork());
  EXPECT_TRUE(Served(*root_));
  // It reads at last, and everything asked is answered.
  uint64_t answers = 0;
  for (int i = 0; i < 100; ++i) {
    while (client->TryTake()) ++answers;
    client->Bell();
    Settle();
  }
  EXPECT_EQ(answers, client->session()->process->requests);
  EXPECT_GE(answers, requests);
}

TEST_F(SessionTest, FullSocketHoldsBackOnlyItsOwnSession) {
  auto client = AddChild(*root_, {{"account", root_->Named("account")}});
  const Handle region = CreateRegion(*client, 4096);
  client->socket()->full = true;
  client->Submit(Syscall::region_map, region, {}, {.user_data = 3});
  client->Submit(Syscall::session_info, 0, {}, {.user_data = 4});
  Settle();
  EXPECT_FALSE(client->TryTake().has_value());
  EXPECT_TRUE(client->socket()->wants_room);
  EXPECT_FALSE(kernel_.HasWork());
  EXPECT_TRUE(Served(*root_));
  client->socket()->full = false;
  kernel_.Writable(*client->session());
  Settle();
  EXPECT_EQ(client->Take().completion.user_data, 3u);
  EXPECT_EQ(client->Take().completion.user_data, 4u);
}

TEST_F(SessionTest, FloodingClientLeavesOthersTheirTurn) {
  auto flood = AddPath("flood");
  for (int i = 0; i < 500; ++i)
    flood->Submit(Syscall::session_info, 0, {}, {.user_data = 1});
  root_->Submit(Syscall::session_info, 0, {}, {.user_data = 2});
  kernel_.Turn();
  EXPECT_TRUE(root_->TryTake().has_value());
  EXPECT_LE(flood->session()->process->requests,
            uint64_t{Session::kRequestsPerTurn});
}

TEST_F(SessionTest, LargeDeadSessionIsClearedBitByBit) {
  auto client = AddChild(*root_, {{"account", root_->Named("account")}});
  const Handle port = CreatePort(*client);
  for (int i = 0; i < 20'000; ++i)
    client->Call(Syscall::handle_duplicate, port, {abi::kRightsSame});
  const uint64_t id = client->id();
  kernel_.EndSession(*client->session());
  kernel_.Turn();
  EXPECT_NE(kernel_.FindSession(id), nullptr);
  root_->Submit(Syscall::session_info, 0, {}, {.user_data = 2});
  kernel_.Turn();
  EXPECT_TRUE(root_->TryTake().has_value());
  Settle();
  EXPECT_EQ(kernel_.FindSession(id), nullptr);
  EXPECT_TRUE(kernel_.objects(ObjectKind::port).empty());
}

}  // namespace
}  // namespace kernel
