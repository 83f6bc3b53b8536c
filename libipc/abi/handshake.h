// What travels on a session's socket (AF_UNIX, SOCK_SEQPACKET): the
// handshake, descriptors, and bells. Everything else goes over the call ring.
//
//   client                         kernel process
//   Hello                 ->
//                         <-       Welcome, NamedCapability[name_count]
//                                  + {request half, completion half}
//   (maps the request half read-write, the completion half read-only)
//   SocketMessage ready   ->       (seals the request half, serves the ring)
//   SocketMessage bell    ->       "look at the request ring"
//                         <-       SocketMessage bell: "look at completions"
//                         <-       SocketMessage descriptors(serial) + fds
#pragma once

#include <cstdint>

#include "libipc/abi/types.h"

namespace ipc::abi {

inline constexpr uint32_t kMagic = 0x5452504b;  // "KPRT"

// Environment variable with the number of the inherited session socket.
inline constexpr char kSessionFdVariable[] = "KEYPORT_SESSION_FD";
// Environment variable with the kernel process's socket path, for tools.
inline constexpr char kSocketVariable[] = "KEYPORT_SOCKET";

enum class SocketKind : uint32_t {
  hello = 1,
  welcome = 2,
  refused = 3,
  ready = 4,
  bell = 5,
  descriptors = 6,
};

struct Hello {
  uint32_t magic;
  SocketKind kind;
  uint32_t version;
  uint32_t reserved;  // 0
  char name[48];      // what the process calls itself, zero-terminated
};
static_assert(sizeof(Hello) == 64);

struct Welcome {
  uint32_t magic;
  SocketKind kind;       // welcome, or refused
  uint32_t version;      // the kernel process's
  Error error;           // when refused
  uint64_t session_id;   // never used again
  uint64_t request_key;  // stamps of the request ring
  uint64_t completion_key;
  uint32_t ring_bytes;  // of both rings
  uint32_t name_count;  // NamedCapability[name_count] follows (requests.h)
};
static_assert(sizeof(Welcome) == 48);

struct SocketMessage {
  uint32_t magic;
  SocketKind kind;
  uint64_t serial;  // of `descriptors`, else 0
};
static_assert(sizeof(SocketMessage) == 16);

}  // namespace ipc::abi
