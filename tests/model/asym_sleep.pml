/* How a busy writer of a lane publishes without a fence (docs/abi.md,
 * "Sleeping"; `unfenced` and `barrier` in libipc/abi/lane.h), on a machine that
 * delays stores (TSO). Follows WakePeerForRecords, WakeForRecords, GoUnfenced
 * and GoFenced on the waking side and ArmRecords on the sleeping one.
 * In arm_sleep.pml each side makes its own fence; here the sleeper makes both
 * when the waker says that it makes none.
 *
 *   waker                                sleeper
 *   publish                              value = tail
 *   fence, if not unfenced               armed = number, fence
 *   armed != 0: unfenced = 0, wake       if the waker's unfenced: fence for it
 *   else perhaps: unfenced = 1, fence      too (membarrier)
 *                                        look again; sleep while tail == value
 *
 * Shown: whatever the order, the sleeper gets everything; a lost wake-up would
 * leave it asleep for ever, which is an invalid end state. When the waker goes
 * unfenced is left open: after any send that found nobody armed. With
 * -DNOT_MINDED the sleeper's `barrier` is 0 and the waker stays fenced; with
 * -DBELL it sleeps on the lane's bell instead of on `tail`.
 *
 * Going back needs no fence of its own: stores become visible in order, so who
 * sees unfenced 0 sees what was published before it. The store must be a
 * release where the processor does not order stores by itself.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_WAKER_FENCE    a fenced waker looks at `armed` without a fence
 *   NO_SLEEPER_FENCE  the sleeper makes none between arming and looking
 *   NO_MEMBARRIER     the sleeper does not mind `unfenced`
 *   NO_SET_FENCE      no fence after unfenced = 1
 *   EARLY_UNFENCED    the sleeper reads `unfenced` before its fence
 *   NO_LOOK           it does not look again
 *   BELL EARLY_LOOK   it looks again before the membarrier only (on a futex it
 *                     may: the compare of `tail` is a second look)
 *   EARLY_CLEAR       unfenced = 0 before a record that is published unfenced
 *   NOT_MINDED NO_BARRIER_WORD
 *                     the waker does not ask whether it is minded
 *   NO_GENERATION, ONE_WAKE: as in arm_sleep.pml
 *
 * Left out: what arm_sleep.pml leaves out. As in Linux a futex wake empties the
 * waker's store buffer and membarrier empties both.
 */
#ifndef RECORDS
#define RECORDS 4
#endif

/* Memory that both see: the waker's words, then the sleeper's. */
bool stamp[RECORDS];
byte tail;
bool unfenced;
byte armed;

/* The sleeper's, and it never changes. */
#ifdef NOT_MINDED
#define BARRIER false
#else
#define BARRIER true
#endif

#ifdef BELL
/* In Linux: there is a byte to read. */
bool rung;
#define WAKE rung = true
#else
/* In Linux: the sleeper is in the futex queue of `tail`. */
bool asleep;
#define WAKE asleep = false
#endif

/* Store buffers: what was stored and is not in memory yet, oldest first. */
mtype = { STAMP, TAIL, UNFENCED };
chan waker_stores = [2 * RECORDS + 2] of { mtype, byte };
chan sleeper_stores = [3] of { byte };

#define READY (stamp[taken])
#define WAKER_FENCE empty(waker_stores)
#define SLEEPER_FENCE empty(sleeper_stores)
#define MEMBARRIER (empty(waker_stores) && empty(sleeper_stores))

active proctype WakerBuffer() {
  byte value;
end:
  do
  :: atomic { waker_stores ? STAMP(value) -> stamp[value] = true }
  :: atomic { waker_stores ? TAIL(value) -> tail = value }
  :: atomic { waker_stores ? UNFENCED(value) -> unfenced = value }
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
  bool fenced = true;
  do
  :: record == RECORDS -> break
  :: else ->
#ifdef EARLY_CLEAR
    bool was_fenced = fenced;
    if
    :: !fenced -> waker_stores ! UNFENCED(false); fenced = true
    :: true -> skip
    fi;
#endif
    waker_stores ! STAMP(record);
    waker_stores ! TAIL(record + 1);
    record++;
    if
#ifdef EARLY_CLEAR
    :: !was_fenced -> skip
#else
    :: !fenced -> skip
#endif
#ifdef NO_WAKER_FENCE
    :: fenced -> skip
#else
    :: fenced && WAKER_FENCE
#endif
    fi;
    now = armed;
    if
#if defined(NOT_MINDED) && !defined(NO_BARRIER_WORD)
    :: now == 0 -> skip
#else
    :: now == 0 && fenced ->
      waker_stores ! UNFENCED(true);
#ifndef NO_SET_FENCE
      WAKER_FENCE;
#endif
      fenced = false
    :: now == 0 -> skip
#endif
    :: now != 0 ->
      if
      :: !fenced -> waker_stores ! UNFENCED(false); fenced = true
      :: fenced -> skip
      fi;
      /* Two wake-ups for one arming, with a store in between: arm_sleep.pml. */
      if
      :: now == woken -> skip
      :: now != woken ->
#ifdef ONE_WAKE
        woken = now;
#else
        if
        :: now == seen -> woken = now
        :: else -> seen = now
        fi;
#endif
        WAKER_FENCE;
        WAKE
      fi
    fi
  od
}

active proctype Sleeper() {
  byte taken, generation, value;
  bool theirs;
  do
  :: taken == RECORDS -> break
  :: taken < RECORDS && READY -> taken++
  :: taken < RECORDS && !READY ->
#ifdef NO_GENERATION
    generation = 1;
#else
    generation++;
#endif
    value = tail;
    sleeper_stores ! generation;
#ifdef EARLY_UNFENCED
    theirs = BARRIER && unfenced;
#endif
#ifndef NO_SLEEPER_FENCE
    SLEEPER_FENCE;
#endif
#ifdef EARLY_LOOK
    if
    :: READY -> goto disarm
    :: else -> skip
    fi;
#endif
#ifndef EARLY_UNFENCED
    theirs = BARRIER && unfenced;
#endif
#ifndef NO_MEMBARRIER
    if
    :: theirs -> MEMBARRIER
    :: else -> skip
    fi;
#endif
#if !defined(EARLY_LOOK) && !defined(NO_LOOK)
    if
    :: READY -> goto disarm
    :: else -> skip
    fi;
#endif
#ifdef BELL
    atomic { rung -> rung = false };
#else
    /* FUTEX_WAIT: compares and queues in one step. */
    atomic {
      if
      :: tail == value -> asleep = true
      :: else -> skip
      fi
    };
    !asleep;
#endif
disarm:
    sleeper_stores ! 0
  od;
  assert(taken == RECORDS)
}
