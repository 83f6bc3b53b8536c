/* How one end of a lane falls asleep and is woken (docs/abi.md, "Sleeping"), on
 * a machine that delays stores (TSO). Follows LaneEnd in
 * libipc/src/lane_end.cc: TryPublish, WakePeerForRecords and WakePeerForRoom
 * on the waking side, ArmRecords, Send and Sleep on the sleeping one.
 *
 * Shown: whatever the order, the sleeper gets everything; a lost wake-up would
 * leave it asleep for ever, which is an invalid end state.
 *
 * As built the sleeper is a reader, who waits for the next record's stamp and
 * sleeps on `tail`. With -DROOM it is a writer without room: it waits until
 * `tail` (read: the peer's head) has moved by two, and the waking side makes
 * its fence only now and then, but always after the last one.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_FENCE          neither side has its fence
 *   NO_WAKER_FENCE    the waker looks at `armed` before its store is visible
 *   NO_SLEEPER_FENCE  the sleeper looks again before `armed` is visible
 *   NO_GENERATION     `armed` is the same at each arming, so that a word once
 *                     woken is never woken again
 *   ONE_WAKE          a word woken once is not woken again: the wake-up may
 *                     have been for what the sleeper had seen before it armed
 *   LATE_VALUE        (ROOM) the value slept on is read after arming
 *
 * Left out: spinning (it repeats the first look), several threads of one end,
 * the wrap of `armed`'s number (24 bits), deadlines (one wake-up more). As in
 * Linux a futex wake empties the waker's store buffer; stricter than Linux, a
 * futex wait does not empty the sleeper's.
 */
#ifndef RECORDS
#define RECORDS 4
#endif

/* Memory that both see: the waker's words, then the sleeper's. */
bool stamp[RECORDS];
byte tail;
byte armed;

/* In Linux: the sleeper is in the futex queue of `tail`. */
bool asleep;

/* Store buffers: what was stored and is not in memory yet, oldest first. */
mtype = { STAMP, TAIL };
chan waker_stores = [2 * RECORDS] of { mtype, byte };
chan sleeper_stores = [3] of { byte };

#ifdef ROOM
#define STEP 2
#define READY (tail >= taken + STEP)
#else
#define STEP 1
#define READY (stamp[taken])
#endif

#if defined(NO_FENCE) || defined(NO_WAKER_FENCE)
#define WAKER_FENCE skip
#else
#define WAKER_FENCE empty(waker_stores)
#endif
#if defined(NO_FENCE) || defined(NO_SLEEPER_FENCE)
#define SLEEPER_FENCE skip
#else
#define SLEEPER_FENCE empty(sleeper_stores)
#endif

active proctype WakerBuffer() {
  byte value;
end:
  do
  :: atomic { waker_stores ? STAMP(value) -> stamp[value] = true }
  :: atomic { waker_stores ? TAIL(value) -> tail = value }
  od
}

active proctype SleeperBuffer() {
  byte value;
end:
  do
  :: atomic { sleeper_stores ? value -> armed = value }
  od
}

active proctype Waker() {
  byte record, now, seen, woken;
  do
  :: record == RECORDS -> break
  :: else ->
    waker_stores ! STAMP(record);
    waker_stores ! TAIL(record + 1);
    record++;
    if
    :: WAKER_FENCE
#ifdef ROOM
    :: record < RECORDS -> skip
#endif
    fi;
    now = armed;
    if
    :: now == 0 || now == woken -> skip
    :: else ->
#ifdef ONE_WAKE
      seen = now;
#endif
      /* Seen at an earlier store too: this one the sleeper cannot have seen
       * before it armed, so that no sleep of this arming outlasts it. */
      if
      :: now == seen -> woken = now
      :: else -> seen = now
      fi;
      empty(waker_stores);
      asleep = false /* FUTEX_WAKE */
    fi
  od
}

active proctype Sleeper() {
  byte taken, generation, value;
  do
  :: taken == RECORDS -> break
  :: taken < RECORDS && READY -> taken = taken + STEP
  :: taken < RECORDS && !READY ->
#ifdef NO_GENERATION
    generation = 1;
#else
    generation++;
#endif
#ifndef LATE_VALUE
    value = tail;
#endif
    sleeper_stores ! generation;
    SLEEPER_FENCE;
#ifdef LATE_VALUE
    value = tail;
#endif
    if
    :: READY -> goto disarm
    :: else -> skip
    fi;
    /* FUTEX_WAIT: compares and queues in one step. */
    atomic {
      if
      :: tail == value -> asleep = true
      :: else -> skip
      fi
    };
    !asleep;
disarm:
    sleeper_stores ! 0
  od;
  assert(taken == RECORDS)
}
