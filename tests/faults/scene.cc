#include "tests/faults/scene.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/faults/state.h"

namespace faults {

uint64_t RandomState();
void RestartRandom(uint64_t state);

namespace {

using ipc::abi::Error;
using ipc::abi::kRightsSame;
using kernel::Result;

// The request whose failure is looked at.
constexpr uint64_t kAskedUserData = 1000;
constexpr uint64_t kAsideUserData = 2000;

// A socket that can fail, before one that never does.
class FaultTransport : public kernel::Transport {
 public:
  explicit FaultTransport(std::unique_ptr<kernel::Transport> inner)
      : inner_(std::move(inner)) {}

  Result<void> Send(const void* data, size_t bytes,
                    std::span<const int> descriptors) override {
    if (Fails(What::kSocketFull, "Send")) return Error::should_wait;
    if (Fails(What::kSocketGone, "Send")) return Error::peer_closed;
    const Unwatched unwatched;
    return inner_->Send(data, bytes, descriptors);
  }
  void NotifyWritable() override { inner_->NotifyWritable(); }
  // Never fails here: that it does is an answer of process_end, not a fault.
  bool KillProcess() override {
    const Unwatched unwatched;
    return inner_->KillProcess();
  }

 private:
  std::unique_ptr<kernel::Transport> inner_;
};

// No limits of its own.
std::vector<uint8_t> AccountPayload(const std::string& name) {
  std::vector<uint8_t> payload(sizeof(ipc::abi::AccountLimits) + name.size());
  std::copy(name.begin(), name.end(),
            payload.begin() + sizeof(ipc::abi::AccountLimits));
  return payload;
}

std::string NameOfDescriptor(const std::string& path) {
  char target[256];
  const ssize_t bytes = readlink(path.c_str(), target, sizeof(target));
  if (bytes < 0) return "?";
  const std::string name(target, static_cast<size_t>(bytes));
  // Without what differs from one socket to the next.
  return name.substr(0, name.find(":["));
}

}  // namespace

std::string OpenDescriptors() {
  std::vector<std::string> names;
  DIR* folder = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(folder))
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(folder))
      names.push_back(
          NameOfDescriptor(std::string("/proc/self/fd/") + entry->d_name));
  closedir(folder);
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

size_t MappingsOfKeyport() {
  std::ifstream maps("/proc/self/maps");
  size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find("memfd:keyport") != std::string::npos ? 1 : 0;
  return count;
}

Scene::Scene() {
  RestartRandom(0);
  account_ = root_
                 ->Call(Syscall::account_create, root_->Named("account"), {},
                        {.payload = AccountPayload("caller")})
                 .handle();
  caller_ = AddChild(
      *root_, {{"account", account_}, {"kernel", root_->Named("kernel")}},
      account_);
  other_ = AddChild(*root_, {{"account", root_->Named("account")}});
  for (RawClient* client : Clients()) Wrap(*client);
  account_ = caller_->Named("account");
  kernel_handle_ = caller_->Named("kernel");
}

Scene::~Scene() = default;

std::vector<RawClient*> Scene::Clients() {
  return {root_.get(), caller_.get(), other_.get()};
}

void Scene::Wrap(RawClient& client) {
  auto& transport = client.session()->transport;
  transport = std::make_unique<FaultTransport>(std::move(transport));
}

std::unique_ptr<kernel::Transport> Scene::Fragile(
    std::shared_ptr<kernel::FakeSocket> socket) {
  return std::make_unique<FaultTransport>(
      std::make_unique<kernel::FakeTransport>(std::move(socket)));
}

Handle Scene::Give(RawClient& from, Handle handle, RawClient& to,
                   kernel::Rights rights) {
  kernel::Capability* held = from.session()->handles.Find(handle);
  if (rights == kRightsSame) rights = held->rights;
  kernel::Capability* made = kernel_.NewCapability({.object = held->object,
                                                    .rights = rights,
                                                    .badge = held->badge,
                                                    .parent = held});
  return kernel_.Place(*to.session(), *made);
}

Handle Scene::CreateChild() {
  return caller()
      .Call(Syscall::process_create, account(), {},
            {.payload = CreatePayload("child", {})})
      .handle();
}

RawClient& Scene::AddKnown(RawClient& parent, const std::vector<Given>& given) {
  more_.push_back(AddChild(parent, given));
  RawClient& made = *more_.back();
  made.socket()->has_process = true;
  Wrap(made);
  return made;
}

Handle Scene::HandleFor(RawClient& holder, RawClient& process) {
  return kernel_.Place(
      *holder.session(),
      *kernel_.NewCapability({.object = process.session()->process,
                              .rights = ipc::abi::kRightsAll}));
}

uint64_t Scene::IdOf(RawClient& client, Handle handle) {
  return client.Call(Syscall::handle_info, handle).value(2);
}

Handle Scene::ConnectUnready(RawClient& client, Handle port) {
  const Done made = client.Call(Syscall::port_connect, port);
  EXPECT_EQ(made.error(), Error::ok);
  return made.handle();
}

Handle Scene::Connect(RawClient& client, Handle port) {
  const Handle lane = ConnectUnready(client, port);
  EXPECT_EQ(client.Call(Syscall::lane_ready, lane).error(), Error::ok);
  return lane;
}

Handle Scene::OpenedUnready(RawClient& client) {
  const Done event = client.TakeEvent(ipc::abi::Event::lane_opened);
  return static_cast<Handle>(event.completion.user_data);
}

Handle Scene::SealedRegion(RawClient& client) {
  const Handle region = CreateRegion(client, 4096);
  EXPECT_EQ(client.Call(Syscall::region_seal, region).error(), Error::ok);
  return region;
}

void Scene::Forget() {
  for (RawClient* client : Clients()) client->Collect();
  for (RawClient* client : Clients())
    while (client->TryTake()) {
    }
  told_.clear();
  // A counter that nobody decides by.
  for (const auto& [id, object] : kernel_.objects(kernel::ObjectKind::process))
    kernel::As<kernel::Process>(*object).requests = 0;
  // The next attempt draws the same keys.
  random_ = random_.value_or(RandomState());
  RestartRandom(*random_);
}

void Scene::Ask(Syscall call, const Asked& asked) {
  caller_->Submit(call, asked.handle, asked.args,
                  {.options = asked.options,
                   .payload = asked.payload,
                   .user_data = kAskedUserData});
  Do([] {});
}

const Done* Scene::Answer() {
  Collect(*caller_);
  for (const Done& done : told_[caller_.get()])
    if (done.completion.user_data == kAskedUserData &&
        (done.completion.number & ipc::abi::kEventFlag) == 0)
      return &done;
  return nullptr;
}

Done Scene::AskAside(RawClient& client, Syscall call, const Asked& asked) {
  Collect(client);
  client.Submit(call, asked.handle, asked.args,
                {.options = asked.options,
                 .payload = asked.payload,
                 .user_data = kAsideUserData});
  Do([] {});
  Done answer;
  while (auto done = client.TryTake()) {
    if (done->completion.user_data == kAsideUserData)
      answer = std::move(*done);
    else
      told_[&client].push_back(std::move(*done));
  }
  EXPECT_EQ(answer.completion.user_data, kAsideUserData) << "no answer";
  return answer;
}

void Scene::Turn() {
  for (int turns = 0; turns < 100'000 && kernel_.Turn(); ++turns) {
  }
  EXPECT_FALSE(kernel_.HasWork()) << "the kernel does not come to rest";
}

void Scene::EndMemory() {
  Arm({What::kMemory, 1, Span::kForGood});
  const Watched watched;
  eaten_ = std::make_unique<char[]>(size_t{1} << 20);
  EXPECT_FALSE(kernel::Reserve::Held());
}

void Scene::MakeRoom() {
  for (RawClient* client : Clients()) {
    if (!std::exchange(client->socket()->wants_room, false)) continue;
    if (client->session() != nullptr) kernel_.Writable(*client->session());
  }
  Do([] {});
}

void Scene::Collect(RawClient& client) {
  while (auto done = client.TryTake())
    told_[&client].push_back(std::move(*done));
}

View Scene::See() {
  View view;
  view.state = DescribeKernel(kernel_);
  for (RawClient* client : Clients()) {
    Collect(*client);
    view.told += "to " + std::to_string(client->id()) + ":\n";
    for (const Done& done : told_[client])
      view.told += DescribeDone(done.completion, done.payload) + "\n";
  }
  view.descriptors = OpenDescriptors();
  return view;
}

std::string Scene::State() { return DescribeKernel(kernel_); }

const Done* Scene::Event(RawClient& client, ipc::abi::Event event) {
  Collect(client);
  const uint32_t number = ipc::abi::kEventFlag | static_cast<uint32_t>(event);
  const Done* last = nullptr;
  for (const Done& done : told_[&client])
    if (done.completion.number == number) last = &done;
  return last;
}

std::string Scene::Leftovers() {
  std::vector<kernel::Session*> sessions;
  for (const auto& [id, object] : kernel_.objects(kernel::ObjectKind::process))
    if (auto* session = kernel::As<kernel::Process>(*object).session)
      sessions.push_back(session);
  for (kernel::Session* session : sessions) kernel_.EndSession(*session);
  Turn();
  told_.clear();
  kernel::FakeHost host;
  kernel::Kernel fresh(&host);
  const std::string left = DescribeKernel(kernel_);
  return left == DescribeKernel(fresh) ? "" : left;
}

}  // namespace faults
