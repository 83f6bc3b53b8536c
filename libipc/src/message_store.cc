// What messages are made of, kept by each thread for its next ones: one comes
// with every message, and to get it anew costs more than the message.
#include <new>

#include "message_state.h"

namespace ipc {
namespace {

// Free pieces of one size. Trivial, so that it outlives the thread's other
// objects, which may free messages at its end.
struct Store {
  struct Piece {
    Piece* next;
  };
  Piece* first;
  uint32_t count;
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMayKeep = false;  // a use after it was freed must be seen
#else
constexpr bool kMayKeep = true;
#endif
constexpr uint32_t kStatesMost = 64;
constexpr uint32_t kBuffersMost = 4;
// Smaller ones the system's allocator has at hand.
constexpr size_t kBufferLeast = 4'096;
constexpr size_t kBufferBytes = abi::kPayloadBytesMax;

constinit thread_local Store t_states = {};
constinit thread_local Store t_buffers = {};
constinit thread_local bool t_ended = false;

void Empty(Store& store) {
  while (store.first != nullptr)
    ::operator delete(std::exchange(store.first, store.first->next));
  store.count = 0;
}

// Empties the stores when the thread ends.
struct AtEnd {
  ~AtEnd() {
    t_ended = true;
    Empty(t_states);
    Empty(t_buffers);
  }
  void Register() {}
};
thread_local AtEnd t_at_end;

void* TakeFrom(Store& store, size_t bytes) {
  if (store.first == nullptr) return ::operator new(bytes);
  --store.count;
  return std::exchange(store.first, store.first->next);
}

void GiveTo(Store& store, uint32_t most, void* at) {
  if (!kMayKeep || store.count >= most || t_ended) {
    ::operator delete(at);
    return;
  }
  if (store.first == nullptr) t_at_end.Register();
  auto* piece = static_cast<Store::Piece*>(at);
  piece->next = store.first;
  store.first = piece;
  ++store.count;
}

}  // namespace

void* Message::State::operator new(size_t bytes) {
  return TakeFrom(t_states, bytes);
}

void Message::State::operator delete(void* at) {
  GiveTo(t_states, kStatesMost, at);
}

MessageBuffer TakeMessageBuffer(size_t bytes) {
  const bool kept = bytes > kBufferLeast && bytes <= kBufferBytes;
  void* at = kept ? TakeFrom(t_buffers, kBufferBytes) : ::operator new(bytes);
  return MessageBuffer(static_cast<std::byte*>(at), {kept});
}

void FreeMessageBuffer::operator()(std::byte* at) const {
  if (kept)
    GiveTo(t_buffers, kBuffersMost, at);
  else
    ::operator delete(at);
}

}  // namespace ipc
