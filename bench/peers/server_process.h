// The process of a peer's server, and what its client orders of it, over a
// socket beside what is measured.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>

#include "libipc/base/unique_fd.h"

namespace bench {

struct Order {
  enum class Kind { kEcho, kTakeNumbered, kTellArrivals };
  Kind kind;
  size_t bytes;
  int messages;
};

// The server's end.
class Orders {
 public:
  explicit Orders(base::UniqueFd socket) : socket_(std::move(socket)) {}
  // None when the client is done.
  std::optional<Order> Next();
  // Tells the client: ready at first, then that an order is carried out.
  void Done();

 private:
  base::UniqueFd socket_;
};

// A connection for the library to use: each side closes the other's end.
struct SocketEnds {
  base::UniqueFd client;
  base::UniqueFd server;
};
SocketEnds NewSocketEnds(int type);

class ServerProcess {
 public:
  // Runs `serve` in a child bound to `processor`, which says Done when it can
  // be connected to and returns when there are no more orders.
  ServerProcess(int processor, const std::function<void(Orders&)>& serve);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  // Ends it; it must end well.
  ~ServerProcess();

  void Give(const Order& order);
  void AwaitDone();

 private:
  base::UniqueFd socket_;
  pid_t child_;
};

}  // namespace bench
