#include "bench/sharing/lock_users.h"

#include <new>

namespace bench {

void Prepare(LockMemory& memory, uint32_t users) {
  new (&memory) LockMemory{};
  memory.roster.slots = users;
  for (uint32_t slot = 0; slot < users; ++slot)
    memory.roster.members[slot] = slot + 1;
  pthread_rwlockattr_t rwlock;
  pthread_rwlockattr_init(&rwlock);
  pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
  pthread_rwlock_init(&memory.rwlock, &rwlock);
  pthread_mutexattr_t mutex;
  pthread_mutexattr_init(&mutex);
  pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&memory.mutex, &mutex);
}

}  // namespace bench
