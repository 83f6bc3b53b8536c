// hello server: answers every call on port `hello`.
#include <cstdio>
#include <string>

#include "ipc/port.h"

int main() {
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  auto port = session->Take("hello");
  if (!port.ok()) return 1;
  auto receiver = ipc::Receiver::Create(*std::move(port));
  if (!receiver.ok()) return 1;
  for (;;) {
    auto message = receiver->Receive();
    if (!message.ok()) return 0;  // the graph has ended
    std::string answer = "hello, " + std::string(message->text());
    if (!message->Reply(answer).ok()) std::puts("the caller is gone");
  }
}
