/* A mutex biased to one thread (libipc/base/biased_mutex.h), on a machine that
 * delays stores (TSO). Follows LockAsOwner, LockOrdinary, TakeBias, Count and
 * unlock there.
 *
 * Shown: never two threads inside, and every thread gets through; one asleep
 * for ever would be an invalid end state.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_BARRIER     who takes the bias away does not fence the other threads
 *   BARRIER_FIRST  it does so before its store
 *   WAIT_FIRST     it looks at `busy` before the barrier only
 *   NO_WAIT        it does not look at `busy`
 *   NO_SECOND_LOOK the owner does not look at the bias after storing `busy`
 *   ANY_OWNER      the next owner may be another thread
 *   NO_WAKE        unlock does not look for somebody who waits
 *   NO_OWN_WAKE    nor does an owner that finds its bias gone
 *
 * When a thread becomes the owner is left open: any time that it may. As in
 * Linux, locking and unlocking an ordinary mutex, a futex wake and membarrier
 * empty the store buffer of who does so; membarrier empties all others' too.
 */
#ifndef THREADS
#define THREADS 2
#endif
#ifndef LOCKS
#define LOCKS 3
#endif

#define NOBODY 255

/* Memory that all see. */
byte bias = NOBODY;
bool busy;
bool mutex;

/* Guarded by the mutex. */
bool ordinary;
byte owner = NOBODY;

/* In Linux: threads in the futex queue of `busy`. */
bool asleep[THREADS];

/* What must never be 2. */
byte inside;

mtype = { BIAS, BUSY };
chan stores[THREADS] = [3] of { mtype, byte };

#define FENCE empty(stores[me])
#if THREADS == 2
#define FENCE_ALL empty(stores[0]) && empty(stores[1])
#else
#define FENCE_ALL empty(stores[0]) && empty(stores[1]) && empty(stores[2])
#endif

#define WAKE \
  atomic { \
    FENCE; \
    for (other : 0 .. THREADS - 1) { asleep[other] = false } \
  }

active [THREADS] proctype Buffer() {
  byte me = _pid;
  byte value;
end:
  do
  :: atomic { stores[me] ? BIAS(value) -> bias = value }
  :: atomic { stores[me] ? BUSY(value) -> busy = value }
  od
}

active [THREADS] proctype Thread() {
  byte me = _pid - THREADS;
  byte locked, other;
  do
  :: locked == LOCKS -> break
  :: locked < LOCKS ->
    locked++;
    /* LockAsOwner */
    if
    :: bias != me -> goto lock_ordinary
    :: else -> skip
    fi;
    stores[me] ! BUSY(1);
#ifndef NO_SECOND_LOOK
    if
    :: bias == me -> skip
    :: else ->
      stores[me] ! BUSY(0);
#ifndef NO_OWN_WAKE
      WAKE;
#endif
      goto lock_ordinary
    fi;
#endif
    goto held;

lock_ordinary:
    atomic { !mutex && empty(stores[me]) -> mutex = true };
    if
    :: bias == NOBODY -> skip
    :: else ->
#ifdef BARRIER_FIRST
      FENCE_ALL;
#endif
      stores[me] ! BIAS(NOBODY);
#ifdef WAIT_FIRST
      !busy;
#endif
#if !defined(NO_BARRIER) && !defined(BARRIER_FIRST)
      FENCE_ALL;
#else
      FENCE;
#endif
#if !defined(WAIT_FIRST) && !defined(NO_WAIT)
      do
      :: !busy -> break
      :: else ->
        /* FUTEX_WAIT: compares and queues in one step. */
        atomic {
          if
          :: busy -> asleep[me] = true
          :: else -> skip
          fi
        };
        !asleep[me]
      od
#endif
    fi;
    /* Count */
    if
#ifdef ANY_OWNER
    :: true ->
#else
    :: owner == NOBODY || owner == me ->
#endif
      owner = me;
      stores[me] ! BIAS(me)
    :: true -> skip
    fi;
    ordinary = true;

held:
    inside++;
    assert(inside == 1);
    inside--;

    /* unlock */
    if
    :: ordinary ->
      ordinary = false;
      atomic { FENCE -> mutex = false }
    :: else ->
      stores[me] ! BUSY(0);
#ifndef NO_WAKE
      if
      :: bias == NOBODY -> WAKE
      :: else -> skip
      fi
#endif
    fi
  od
}
