/* A whole lane, of which either end may die between any two of its steps or
 * stand still for as long as it likes (docs/abi.md, "When a lane is cut"), on a
 * machine that delays stores (TSO). The receiver sleeps for records, the sender
 * for room, each also on its session ring, where the kernel process says that
 * the lane is cut. Follows LaneEnd and SessionCore::Sleep in libipc/src, and
 * Session::WakeClient in kernel/session.
 *
 * Shown: the receiver takes everything that was published before the sender's
 * death, and then sees the cut; a sender without room sees that its receiver
 * died. One asleep for ever would be an invalid end state.
 *
 * As built the sender dies, at any time; with -DDIES=RECEIVER the receiver.
 * With -DUNFENCED the sender may publish without a fence, as in asym_sleep.pml.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_SESSION_WORD   who sleeps does so on the lane's word only
 *   NO_SESSION_LOOK   it does not look for news after arming its session
 *   NO_SESSION_FENCE  it looks before it is seen to be armed
 *   NO_KERNEL_FENCE   the kernel process looks whether the session is armed
 *                     before its news is visible
 *   TAIL_ONLY         the kernel process believes `tail`, without looking for a
 *                     stamp there
 *   EARLY_CUT         it counts while the dead one's stores are on their way
 *   REST_LEFT         the receiver stops at the cut, records or not
 *
 * The fences of the two ends for each other are not shown here: the cut wakes
 * also who had missed a wake-up before.
 *
 * A process that dies has made a part of its stores, the first ones; the rest
 * it never made. Left out: deadlines and the look at a hung-up socket once a
 * second, either of which would end a sleep, and what arm_sleep.pml leaves out.
 * Disarming is seen at once; late, it could only cause one wake-up more.
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef ROOM
#define ROOM 1
#endif

#define SENDER 0
#define RECEIVER 1
#ifndef DIES
#define DIES SENDER
#endif
#define PEER (1 - me)

/* The lane. `armed`: each end's; the sender's is for room, the receiver's for
 * records. */
bool stamp[RECORDS];
byte tail;
byte head;
byte armed[2];
bool unfenced;

/* The sessions, one event in each: it says where the lane ends. */
bool session_armed[2];
bool event[2];
byte end_told;

bool dead[2];

/* In Linux: it is in the futex queues of its lane's and its session's word. */
bool asleep[2];

/* Store buffers, of the two ends and the kernel process. */
mtype = { STAMP, TAIL, HEAD, ARMED, UNFENCED_WORD, SESSION, EVENT };
chan stores[3] = [6] of { mtype, byte };
#define KERNEL 2

#define FENCE empty(stores[me])
#ifdef NO_SESSION_FENCE
#define SESSION_FENCE skip
#else
#define SESSION_FENCE empty(stores[me])
#endif
#define MEMBARRIER (empty(stores[SENDER]) && empty(stores[RECEIVER]))

#ifdef EARLY_CUT
#define GONE(who) true
#else
#define GONE(who) empty(stores[who])
#endif
#ifdef NO_SESSION_WORD
#define SESSION_WAKE(who) skip
#define SAME_NEWS true
#else
#define SESSION_WAKE(who) asleep[who] = false
#define SAME_NEWS (event[me] == session_value)
#endif

active [3] proctype Buffer() {
  byte me = _pid;
  byte value;
end:
  do
  :: atomic { stores[me] ? STAMP(value) -> stamp[value] = true }
  :: atomic { stores[me] ? TAIL(value) -> tail = value }
  :: atomic { stores[me] ? HEAD(value) -> head = value }
  :: atomic { stores[me] ? ARMED(value) -> armed[me] = value }
  :: atomic { stores[me] ? UNFENCED_WORD(value) -> unfenced = value }
  :: atomic { stores[me] ? SESSION(value) -> session_armed[me] = value }
  :: atomic { stores[me] ? EVENT(value) -> event[value] = true }
  od
}

/* For one arming two wake-ups, with a store in between: arm_sleep.pml. */
inline WakePeer() {
  if
  :: now == 0 || now == woken -> skip
  :: else ->
    if
    :: now == seen -> woken = now
    :: else -> seen = now
    fi;
    empty(stores[me]);
    asleep[PEER] = false /* FUTEX_WAKE */
  fi;
  now = 0
}

/* Sleeps on the lane's word, which had `value`, and on the session's. */
inline Sleep(word) {
  stores[me] ! SESSION(true);
  SESSION_FENCE;
  session_value = event[me];
#ifdef NO_SESSION_LOOK
  if
  :: true ->
#else
  if
  :: event[me] -> skip
  :: else ->
#endif
    /* FUTEX_WAITV: compares and queues in one step. */
    atomic {
      if
      :: word == value && SAME_NEWS -> asleep[me] = true
      :: else -> skip
      fi
    };
    !asleep[me]
  fi;
  atomic { session_armed[me] = false; session_value = 0 }
}

active proctype Sender() {
  byte me = SENDER;
  byte record, generation, value, now, seen, woken;
  bool fenced = true;
  bool session_value, awake;
  {
    do
    :: record == RECORDS || event[me] -> break
    :: record < RECORDS && !event[me] && record - head < ROOM ->
      stores[me] ! STAMP(record);
      stores[me] ! TAIL(record + 1);
      record++;
      if
      :: fenced -> FENCE
      :: else -> skip
      fi;
      now = armed[PEER];
#ifdef UNFENCED
      awake = (now == 0);
#endif
      WakePeer();
#ifdef UNFENCED
      if
      :: awake && fenced ->
        stores[me] ! UNFENCED_WORD(true);
        empty(stores[me]);
        fenced = false
      :: !awake && !fenced ->
        stores[me] ! UNFENCED_WORD(false);
        fenced = true
      :: awake || fenced -> skip
      fi
#endif
    :: record < RECORDS && !event[me] && record - head == ROOM ->
      generation++;
      value = head;
      stores[me] ! ARMED(generation);
      FENCE;
      if
      :: record - head < ROOM -> skip
      :: else -> Sleep(head)
      fi;
      atomic { armed[me] = 0; value = 0 }
    od
  } unless { dead[me] };
  atomic {
    dead[me] = true;
    record = 0; generation = 0; value = 0; now = 0; seen = 0; woken = 0;
    session_value = 0; fenced = 0; awake = 0
  }
}

active proctype Receiver() {
  byte me = RECEIVER;
  byte taken, generation, value, now, seen, woken;
  bool session_value, theirs;
  {
    do
#ifdef REST_LEFT
    :: event[me] -> break
#else
    :: event[me] && taken >= end_told -> break
#endif
    :: taken < RECORDS && stamp[taken] ->
      taken++;
      stores[me] ! HEAD(taken);
      /* A fence now and then. */
      if
      :: FENCE
      :: taken < RECORDS && stamp[taken] -> skip
      fi;
      now = armed[PEER];
      WakePeer()
    :: !event[me] && (taken == RECORDS || !stamp[taken]) ->
      /* And one after the last. */
      FENCE;
      now = armed[PEER];
      WakePeer();
      generation++;
      value = tail;
      stores[me] ! ARMED(generation);
      FENCE;
      theirs = unfenced;
      if
      :: theirs -> MEMBARRIER; theirs = false
      :: else -> skip
      fi;
      if
      :: taken < RECORDS && stamp[taken] -> skip
      :: else -> Sleep(tail)
      fi;
      atomic { armed[me] = 0; value = 0 }
    od;
    assert(taken == end_told && (taken == RECORDS || !stamp[taken]))
  } unless { dead[me] };
  atomic {
    dead[me] = true;
    taken = 0; generation = 0; value = 0; now = 0; seen = 0; woken = 0;
    session_value = 0; theirs = 0
  }
}

/* At any time. */
active proctype Killer() {
  dead[DIES] = true
}

active proctype Kernel() {
  byte me = KERNEL;
  byte other;
  bool told[2];
end:
  do
  :: atomic {
       (!told[RECEIVER] && dead[SENDER] && GONE(SENDER)) ->
         told[RECEIVER] = true;
         other = RECEIVER
     };
     end_told = tail;
#ifndef TAIL_ONLY
     if
     :: end_told < RECORDS && stamp[end_told] -> end_told++
     :: else -> skip
     fi;
#endif
     goto tell
  :: atomic {
       (!told[SENDER] && dead[RECEIVER] && GONE(RECEIVER)) ->
         told[SENDER] = true;
         other = SENDER
     };
tell:
#ifdef NO_KERNEL_FENCE
     stores[me] ! EVENT(other);
#else
     event[other] = true;
#endif
     if
     :: session_armed[other] ->
       empty(stores[me]);
       SESSION_WAKE(other)
     :: else -> skip
     fi
  od
}
