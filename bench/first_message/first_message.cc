// A process that says one thing and ends: to its port "port", or with an
// argument to that descriptor.
#include <stdlib.h>
#include <unistd.h>

#include "bench/common/must.h"
#include "ipc/port.h"

int main(int argc, char** argv) {
  if (argc > 1) return write(atoi(argv[1]), "started", 7) == 7 ? 0 : 1;
  ipc::Session session = bench::Must(ipc::Session::FromEnvironment());
  ipc::Sender sender =
      bench::Must(ipc::Sender::Create(bench::Must(session.Take("port"))));
  bench::Must(sender.Send("started"));
  return 0;
}
