// hello client: calls port `hello` once for each argument.
#include <cstdio>

#include "ipc/port.h"

int main(int argc, char** argv) {
  auto session = ipc::Session::FromEnvironment();
  if (!session.ok()) {
    std::fprintf(stderr, "%s\n", session.status().ToString().c_str());
    return 1;
  }
  auto port = session->Take("hello");
  if (!port.ok()) return 1;
  auto sender = ipc::Sender::Create(*std::move(port));
  if (!sender.ok()) return 1;
  for (int i = 1; i < argc; ++i) {
    auto answer = sender->Call(argv[i]);
    if (!answer.ok()) {
      std::fprintf(stderr, "%s\n", answer.status().ToString().c_str());
      return 1;
    }
    std::printf("%.*s\n", static_cast<int>(answer->text().size()),
                answer->text().data());
  }
}
