/* How a client wakes the kernel process that rests (ADR 18), on a machine that
 * delays stores (TSO). Follows SessionCore::WakeKernel and base::Woken on the
 * client's side; Session::Rest, Connection::WaitForWord and Loop::WordCame on
 * the kernel process's.
 * Unlike who sleeps in futex_waitv, the kernel process waits for the word
 * through its io_uring: it asks in one step and is queued in a later one, its
 * wait outlives a rest that ended otherwise, and it ends as a completion that
 * is looked at later still.
 *
 *   client                          kernel process
 *   publish                         armed = number, fence, value = tail
 *   fence                           look at the ring
 *   armed != 0 and due: wake        unless a wait is under way: ask for one
 *                                   ... Linux queues it if tail == value,
 *                                       else completes it
 *                                   ... a completion: look, serve, rest again
 *
 * Meanwhile it may leave its rest at any moment for another reason (another
 * session's request, a timer) and serve what it finds.
 *
 * Shown: it serves everything; a lost wake-up would leave it at rest for ever,
 * which is an invalid end state.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_CLIENT_FENCE, NO_KERNEL_FENCE
 *   NO_LOOK           it does not look after arming: a record that it had not
 *                     seen, but whose tail it reads
 *   LATE_VALUE        the value compared is read when Linux queues the wait
 *   NO_GENERATION     `armed` is the same number each time
 *   ONE_WAKE          one wake-up for an arming
 *   KEEPS_WAITING     a completed wait still counts as under way
 */
#ifndef RECORDS
#define RECORDS 4
#endif
/* How often it leaves its rest by itself. */
#ifndef STIRS
#define STIRS 2
#endif

bool stamp[RECORDS];
byte tail;
byte armed;

/* The wait, in Linux: asked for, queued, completed. */
mtype = { IDLE, ASKED, QUEUED, COMPLETED };
mtype wait = IDLE;
byte wait_value;

mtype = { STAMP, TAIL };
chan client_stores = [2 * RECORDS + 2] of { mtype, byte };
chan kernel_stores = [3] of { byte };
#define CLIENT_FENCE empty(client_stores)
#define KERNEL_FENCE empty(kernel_stores)
#define READY (stamp[taken])

active proctype ClientBuffer() {
  byte value;
end:
  do
  :: atomic { client_stores ? STAMP(value) -> stamp[value] = true }
  :: atomic { client_stores ? TAIL(value) -> tail = value }
  od
}

active proctype KernelBuffer() {
  byte value;
end:
  do
  :: atomic { kernel_stores ? value -> armed = value }
  od
}

/* Submission: FUTEX_WAIT compares and queues in one step. */
active proctype Linux() {
end:
  do
  :: atomic {
       wait == ASKED ->
#ifdef LATE_VALUE
       wait = QUEUED
#else
       if
       :: tail == wait_value -> wait = QUEUED
       :: else -> wait = COMPLETED
       fi
#endif
     }
  od
}

active proctype Client() {
  byte record, now, seen, woken;
  do
  :: record == RECORDS -> break
  :: else ->
    client_stores ! STAMP(record);
    client_stores ! TAIL(record + 1);
    record++;
#ifndef NO_CLIENT_FENCE
    CLIENT_FENCE;
#endif
    now = armed;
    if
    :: now == 0 || now == woken -> skip
    :: else ->
#ifdef ONE_WAKE
      woken = now;
#else
      /* Two wake-ups for one arming, with a store in between. */
      if
      :: now == seen -> woken = now
      :: else -> seen = now
      fi;
#endif
      CLIENT_FENCE;
      atomic {
        if
        :: wait == QUEUED -> wait = COMPLETED
        :: else -> skip
        fi
      }
    fi
  od
}

active proctype Kernel() {
  byte taken, generation, stirs;
  bool waiting;
  do
  :: taken == RECORDS -> break
  :: taken < RECORDS && READY -> taken++
  :: taken < RECORDS && !READY ->
#ifdef NO_GENERATION
    generation = 1;
#else
    generation++;
#endif
    kernel_stores ! generation;
#ifndef NO_KERNEL_FENCE
    KERNEL_FENCE;
#endif
    byte value = tail;
#ifndef NO_LOOK
    if
    :: READY -> goto awake
    :: else -> skip
    fi;
#endif
    if
    :: waiting -> skip
    :: else ->
      waiting = true;
      atomic { wait_value = value; wait = ASKED }
    fi;
    if
    :: atomic { wait == COMPLETED -> wait = IDLE };
#ifndef KEEPS_WAITING
      waiting = false
#endif
    :: stirs < STIRS -> stirs++
    fi;
awake:
    kernel_stores ! 0
  od;
  assert(taken == RECORDS)
}
