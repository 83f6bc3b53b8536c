#include "bench/peers/server_process.h"

#include <sys/socket.h>

#include "bench/common/must.h"
#include "bench/common/process_pair.h"

namespace bench {

SocketEnds NewSocketEnds(int type) {
  int ends[2];
  Expect(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

std::optional<Order> Orders::Next() {
  Order order;
  const ssize_t got = recv(socket_.get(), &order, sizeof(order), 0);
  if (got == 0) return std::nullopt;
  Expect(got == sizeof(order), "an order");
  return order;
}

void Orders::Done() {
  Expect(send(socket_.get(), "d", 1, MSG_NOSIGNAL) == 1, "telling the client");
}

ServerProcess::ServerProcess(int processor,
                             const std::function<void(Orders&)>& serve) {
  SocketEnds ends = NewSocketEnds(SOCK_SEQPACKET);
  socket_ = std::move(ends.client);
  child_ = Fork(processor, [&] {
    socket_ = {};  // or it would never see its end
    Orders orders(std::move(ends.server));
    serve(orders);
  });
}

ServerProcess::~ServerProcess() {
  socket_ = {};
  Join(child_);
}

void ServerProcess::Give(const Order& order) {
  Expect(
      send(socket_.get(), &order, sizeof(order), MSG_NOSIGNAL) == sizeof(order),
      "giving the server an order");
}

void ServerProcess::AwaitDone() {
  char done = 0;
  Expect(recv(socket_.get(), &done, 1, 0) == 1, "the server ended");
}

}  // namespace bench
