/* A region lock whose users may die at any step (libipc/base/slot_lock.h).
 * Follows Shared, Exclusive, Claim, Release, Drain and Nudge there. Every word
 * is loaded and stored sequentially consistently there, so memory is plain
 * here; what is in one A() is one access.
 *
 * Shown: a writer is alone, who reads finds nothing half written, who writes
 * finds nothing half written unless it is told owner_died, and nobody sleeps
 * for ever, which would be an invalid end state.
 *
 * Variants that must fail, which shows that each part is needed:
 *   NO_DRAIN       a writer does not wait for readers
 *   NO_ADMITTED    nor for readers that were admitted and have not looked yet
 *   NO_CLEAR       Release looks at the slots without clearing the flags
 *   NO_SECOND_LOOK a sleeper does not look again after it has armed
 *   NO_DEATHS      a sleeper does not sleep on the roster's word, too
 *   NO_ENTERED     the dead are never taken for one who was inside
 *   NO_MEND        a reader does not take the gate of a dead writer
 *   NO_READERS_RING Release does not wake readers whom it does not admit
 *   LAST_ROUND     Release wakes whom it admitted in its last round only
 *   NO_RING        a reader does not wake the writer that waits for it
 *
 * THROUGH_IDLE (a reader that may not come in is idle before it waits again),
 * NO_INHERIT (who takes the gate from a dead one does not pass for one who was
 * inside until it has noted the damage) and NO_NUDGE (who gives up looks for
 * nobody left behind) are wrong, too, but need more users or deaths than can
 * be looked at in a minute.
 */
#ifndef USERS
#define USERS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef GIVE_UPS
#define GIVE_UPS 0
#endif
#ifndef READERS
#define READERS 1   /* the first so many only read, the others only write */
#endif
#define PASSES_MAX 1

/* The gate: (owner + 1) * 32 + passes * 16 + flags. */
#define WRITERS 1
#define READERS_WAIT 2
#define DRAINING 4
#define HAND_OVER 8
#define PASS 16
#define OWNER(g) ((g) / 32 - 1)
#define MINE ((me + 1) * 32)
#define IS_FREE(g) ((g) < 32 || !alive[OWNER(g)])
#define NOBODY 255

mtype = { IDLE, READING, WANTS_READ, WANTS_WRITE };

byte gate;
bool repair;
byte next_ticket = 1;
mtype kind[USERS] = IDLE;
byte ticket[USERS];
bool entered[USERS];
byte admitted[USERS];
bool rung[USERS] = true;
bool asleep[USERS];

/* The roster, and deaths that may still come. */
bool alive[USERS] = true;
byte deaths;
byte may_die = DEATHS;
byte may_give_up = GIVE_UPS;

/* What is guarded, and who is in: 1 reads, 2 writes. */
bool half;
byte inside[USERS];

#define A(step) \
  atomic { \
    if \
    :: may_die > 0 -> may_die--; goto dead \
    :: true -> skip \
    fi; \
    step \
  }

#define RING(who) \
  A(old = rung[who]; rung[who] = true); \
  if \
  :: !old -> A(asleep[who] = false) \
  :: else -> skip \
  fi

#ifdef NO_RING
#define RING_IF_DRAINING skip
#else
#define RING_IF_DRAINING \
  A(g = gate); \
  if \
  :: (g & DRAINING) && g >= 32 -> RING(OWNER(g)) \
  :: else -> skip \
  fi
#endif

/* first: the writer who waits longest; readers: whether some wait. */
#define LOOK \
  first = NOBODY; low = 255; readers = false; i = 0; \
  do \
  :: i == USERS -> break \
  :: i < USERS -> \
    A( \
      if \
      :: alive[i] && kind[i] == WANTS_READ -> readers = true \
      :: alive[i] && kind[i] == WANTS_WRITE && ticket[i] < low -> \
        first = i; low = ticket[i] \
      :: else -> skip \
      fi; \
      i++) \
  od

active [USERS] proctype User() {
  byte me = _pid;
  byte g, next, seen, my_ticket, first, low, i, then, place;
  bool readers, old, in, let_in, admits, armed, damaged, died, gives_up;

  if
  :: me < READERS -> goto shared
  :: else -> goto exclusive
  fi;

  /* ---- Shared */
shared:
  A(my_ticket = next_ticket; next_ticket++);
  A(kind[me] = WANTS_READ; ticket[me] = my_ticket);
shared_look:
  A(seen = deaths);
  A(g = gate);
  A(in = (g == 0 || admitted[me] == my_ticket));
  if
  :: in -> goto reads_now
  :: else -> skip
  fi;
#ifndef NO_MEND
  if
  :: g != 0 && IS_FREE(g) ->
    LOOK;
    if
    :: first == NOBODY -> place = 1; then = 1; goto claim
    :: else -> skip
    fi
  :: else -> skip
  fi;
#endif
  if
  :: !(g & READERS_WAIT) ->
    A(
      if
      :: gate == g -> gate = g | READERS_WAIT
      :: else -> goto shared_look
      fi)
  :: else -> skip
  fi;
  then = 1;
  goto pause;

reads_now:
  A(kind[me] = READING);
  A(g = gate);
  A(in = (g == 0 || admitted[me] == my_ticket));
  if
  :: in -> goto read
  :: else -> skip
  fi;
#ifdef THROUGH_IDLE
  A(kind[me] = IDLE);
#endif
  A(kind[me] = WANTS_READ);
  RING_IF_DRAINING;
  goto shared_look;

read:
  rung[me] = true;
  A(in = !repair);
  if
  :: !in ->
    A(kind[me] = IDLE);
    RING_IF_DRAINING;
    goto exclusive
  :: else -> skip
  fi;
  atomic {
    inside[me] = 1;
    for (i : 0 .. USERS - 1) { assert(inside[i] != 2) }
    assert(!half)
  };
  A(inside[me] = 0; kind[me] = IDLE);
  RING_IF_DRAINING;
  goto done;

  /* ---- Exclusive */
exclusive:
  armed = false;
  A(my_ticket = next_ticket; next_ticket++);
  A(kind[me] = WANTS_WRITE; ticket[me] = my_ticket);
exclusive_look:
  A(seen = deaths);
  A(g = gate);
  if
  :: IS_FREE(g) ->
    LOOK;
    place = (first == NOBODY || low >= my_ticket -> 1 : 0);
    then = 2;
    if
    :: place == 1 || !(g & HAND_OVER) -> goto claim
    :: else -> skip
    fi
  :: else -> skip
  fi;
exclusive_flag:
  if
  :: !(g & WRITERS) ->
    A(
      if
      :: gate == g -> gate = g | WRITERS
      :: else -> goto exclusive_look
      fi)
  :: else -> skip
  fi;
  then = 2;
  goto pause;

  /* ---- Claim, from the gate as seen in g */
claim:
  damaged = false;
#ifndef NO_ENTERED
  if
  :: g >= 32 -> A(damaged = entered[OWNER(g)])
  :: else -> skip
  fi;
#endif
  next = MINE | (g & 19);
  if
  :: g & 3 -> next = next | PASS
  :: else -> skip
  fi;
#ifndef NO_INHERIT
  if
  :: damaged -> A(entered[me] = true)
  :: else -> skip
  fi;
#endif
  A(
    if
    :: gate == g -> gate = next; in = true
    :: else -> in = false
    fi);
  if
  :: !in ->
    if
    :: damaged -> A(entered[me] = false)
    :: else -> skip
    fi;
    if
    :: then == 1 -> goto shared_look
    :: then == 2 -> goto exclusive_look
    :: then == 3 -> goto done
    fi
  :: else -> skip
  fi;
  if
  :: damaged -> A(repair = true)
  :: else -> skip
  fi;
  if
  :: then == 1 ->
    A(in = repair);
    if
    :: in -> goto finish
    :: else -> goto release
    fi
  :: then == 2 -> goto finish
  :: then == 3 -> goto release
  fi;

  /* ---- It owns the gate */
finish:
  A(kind[me] = IDLE);
drain:
  A(seen = deaths);
#ifndef NO_DRAIN
  i = 0; in = false;
  do
  :: i == USERS -> break
  :: i < USERS ->
    A(
      in = in || (i != me && alive[i] && (kind[i] == READING
#ifndef NO_ADMITTED
        || (kind[i] == WANTS_READ && admitted[i] == ticket[i])
#endif
        ));
      i++)
  od;
  if
  :: in ->
    A(g = gate);
    if
    :: !(g & DRAINING) ->
      A(
        if
        :: gate == g -> gate = g | DRAINING
        :: else -> skip
        fi);
      goto drain
    :: else -> then = 4; goto pause
    fi
  :: else -> skip
  fi;
#endif
  rung[me] = true;
  A(entered[me] = true);
  A(died = repair);
  atomic {
    for (i : 0 .. USERS - 1) { assert(inside[i] == 0) }
    inside[me] = 2;
    assert(!half || died)
  };
  if
  :: died -> A(half = false); A(repair = false)
  :: else -> skip
  fi;
  A(half = true);
  A(half = false);
  A(inside[me] = 0; entered[me] = false);
  then = 5;
  A(
    if
    :: gate == MINE -> gate = 0; goto done
    :: else -> skip
    fi);

  /* ---- Release */
release:
  A(entered[me] = false);
  let_in = false;
release_again:
#ifdef LAST_ROUND
  let_in = false;
#endif
  A(
    if
    :: OWNER(gate) != me -> assert(false)
    :: else -> skip
    fi;
    g = gate;
#ifndef NO_CLEAR
    gate = gate & ~15;
#endif
    g = gate & ~15);
  LOOK;
  in = (first == NOBODY || (g & PASS));
  /* Where no writer waits readers are admitted when they have waited long, and
   * only woken before. */
  admits = in && readers;
  if
  :: admits && first == NOBODY -> admits = false
  :: true -> skip
  fi;
#ifdef NO_READERS_RING
  let_in = let_in || admits;
#else
  let_in = let_in || (in && readers);
#endif
  if
  :: admits ->
    i = 0;
    do
    :: i == USERS -> break
    :: i < USERS ->
      low = 0;
      A(
        if
        :: alive[i] && kind[i] == WANTS_READ -> low = ticket[i]
        :: else -> skip
        fi);
      if
      :: low != 0 -> A(admitted[i] = low)
      :: else -> skip
      fi;
      i++
    od
  :: else -> skip
  fi;
  next = (first == NOBODY -> 0 : WRITERS);
  if
  :: !in -> next = next | (g & PASS) | (readers -> READERS_WAIT : 0)
  :: in && first != NOBODY -> next = next | HAND_OVER
  :: else -> skip
  fi;
  A(
    if
    :: gate == g -> gate = next
#ifdef NO_CLEAR
    :: gate != g -> gate = next
#else
    :: else -> goto release_again
#endif
    fi);
  if
  :: let_in ->
    i = 0;
    do
    :: i == USERS -> break
    :: i < USERS ->
      if
      :: i != me && alive[i] && kind[i] == WANTS_READ -> RING(i)
      :: else -> skip
      fi;
      i++
    od
  :: else -> skip
  fi;
  if
  :: first != NOBODY -> RING(first)
  :: else -> skip
  fi;
  if
  :: then == 1 -> goto shared_look
  :: else -> goto done
  fi;

  /* ---- Pause; then: 1 to Shared, 2 to Exclusive, 4 to Drain */
pause:
  atomic {
    gives_up = false;
    if
    :: may_give_up > 0 -> may_give_up--; gives_up = true
    :: true -> skip
    fi
  };
  if
  :: gives_up -> goto give_up
  :: else -> skip
  fi;
  if
  :: !armed ->
    A(rung[me] = false);
    armed = true;
#ifndef NO_SECOND_LOOK
    goto look_again
#endif
  :: else -> skip
  fi;
  /* futex_waitv: compares and queues in one step. */
  A(
    if
#ifdef NO_DEATHS
    :: !rung[me] -> asleep[me] = true
#else
    :: !rung[me] && deaths == seen -> asleep[me] = true
#endif
    :: else -> skip
    fi);
  !asleep[me];
  A(rung[me] = true);
  armed = false;
look_again:
  if
  :: then == 1 -> goto shared_look
  :: then == 2 -> goto exclusive_look
  :: then == 4 -> goto drain
  fi;

give_up:
  A(rung[me] = true);
  if
  :: then == 4 -> then = 5; goto release
  :: else -> skip
  fi;
  A(kind[me] = IDLE);
  RING_IF_DRAINING;
#ifndef NO_NUDGE
  A(g = gate);
  if
  :: g == 0 || !IS_FREE(g) -> goto done
  :: else -> skip
  fi;
  LOOK;
  if
  :: first != NOBODY -> RING(first); goto done
  :: else -> place = 1; then = 3; goto claim
  fi;
#endif
  goto done;

  /* What the kernel process does. */
dead:
  atomic { alive[me] = false; inside[me] = 0 };
  atomic {
    deaths++;
#ifndef NO_DEATHS
    for (i : 0 .. USERS - 1) { asleep[i] = false }
#endif
  };
done:
  skip
}
