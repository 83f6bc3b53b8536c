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
  client->SayHello("tool", 2);
  ASSERT_EQ(client->socket()->sent.size(), 1u);
  abi::Welcome welcome;
  std::memcpy(&welcome, client->socket()->sent[0].bytes.data(),
              sizeof(welcome));
  EXPECT_EQ(welcome.kind, abi::SocketKind::refused);
  EXPECT_EQ(welcome.error, Error::not_supported);
  EXPECT_FALSE(client->alive());
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

// Random requests by three clients that know half of what they do.
TEST_F(SessionTest, RandomRequestsHarmNobody) {
  uint64_t state = 1;
  const auto random = [&](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    state = seed;
    const Handle port = CreatePort(*root_, abi::kPortShareable, 4096);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i)
      clients.push_back(AddChild(
          *root_,
          {{"port", port}, {"account", root_->Named("account")},
           {"kernel", root_->Named("kernel")}}));
    for (int step = 0; step < 3000; ++step) {
      RawClient& client = *clients[random(clients.size())];
      if (!client.alive()) continue;
      abi::Request request = {};
      request.number = static_cast<uint32_t>(1 + random(32));
      const HandleTable& table = client.session()->handles;
      const auto any_handle = [&]() -> Handle {
        Capability* held = table.slots() == 0
                               ? nullptr
                               : table.At(static_cast<uint32_t>(
                                     random(table.slots())));
        return held != nullptr ? held->handle
                               : static_cast<Handle>(random(1u << 31));
      };
      if (random(8) != 0) request.handle = any_handle();
      const Syscall call = static_cast<Syscall>(request.number);
      if (call == Syscall::handle_close && random(3) != 0) continue;
      if (call == Syscall::session_info || call == Syscall::wait_cancel ||
          call == Syscall::trace_ring || call == Syscall::trace_next)
        request.handle = 0;
      if (random(3) == 0)
        request.options = static_cast<uint32_t>(random(4));
      request.args[0] = random(2) == 0 ? random(8) : abi::kRightsSame;
      if (random(3) == 0) request.args[0] = any_handle();
      if (call == Syscall::handle_mint || call == Syscall::object_list)
        request.args[1] = random(3);
      if (call == Syscall::region_create || call == Syscall::port_create)
        request.args[0] = 4096 << random(3);
      std::vector<uint8_t> payload;
      if (call == Syscall::transfer_stage) {
        for (uint64_t i = 0; i <= random(3); ++i) {
          const abi::TransferItem item = {
              any_handle(), abi::kRightsSame,
              static_cast<uint32_t>(random(2)), 0};
          const auto bytes = Bytes(&item, sizeof(item));
          payload.insert(payload.end(), bytes.begin(), bytes.end());
        }
      } else if (call == Syscall::process_create) {
        if (host_.children.size() > 8) continue;
        payload = CreatePayload("p", {{"x", any_handle()}});
      } else if (call == Syscall::account_create) {
        payload.resize(sizeof(abi::AccountLimits));
      } else if (random(20) == 0) {
        payload.resize(random(200), static_cast<uint8_t>(random(256)));
      }
      request.user_data = random(50);
      client.SubmitRaw(request, payload);
      if (random(4) != 0) kernel_.Turn();
      if (random(4) == 0) Settle();
      while (client.TryTake()) {
      }
      client.Bell();
      if (random(1500) == 0) kernel_.EndSession(*client.session());
    }
    for (auto& client : clients)
      if (client->alive()) kernel_.EndSession(*client->session());
    for (const FakeHost::Child& child : host_.children)
      if (Session* session = kernel_.FindSession(child.session))
        kernel_.EndSession(*session);
    host_.children.clear();
    Settle();
    EXPECT_TRUE(Served(*root_));
    // Only the port that root made, and its processes' records, are left.
    EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty()) << seed;
    EXPECT_TRUE(kernel_.objects(ObjectKind::region).empty()) << seed;
    EXPECT_EQ(kernel_.objects(ObjectKind::port).size(), seed) << seed;
  }
}

}  // namespace
}  // namespace kernel
