/* How a rendezvous is decided (ADR 29). Stores are seen in their order, and each
 * decision is a locked instruction, so stores that are delayed add nothing here;
 * that nobody sleeps too long is arm_sleep.pml's. Follows LaneEnd::SendOffered, AwaitTaken, Withdraw and TakeOffer
 * (lane_offer.cc), base::Offer, and Lanes::Unbind for the listener's death.
 *
 *   a sender's thread                listener
 *   its turn                         look at the record's stamp
 *   word = position, offered         one CAS: taken? it is mine
 *   publish the stamp                no: withdrawn, or taken by one before;
 *   until the word is another:         pass it
 *     deadline: one CAS, withdrawn   head = behind the record
 *   the turn ends; the next begins
 *   once the head is behind it
 *
 * The listener may die between any two steps; the next one begins at its head.
 * A thread may have a deadline, which may pass at any moment, or none.
 *
 * Shown: a send is ok if and only if exactly one listener had the message; it
 * ends if there is a listener; a record that nobody withdrew is never passed
 * untaken.
 *
 * Variants that must fail, which shows that each part is needed:
 *   LATE_MAKE         the offer is made after the record is published
 *   NO_POSITION       the word does not say which record is meant
 *   WITHDRAW_STORES   a look and a store, where one CAS is needed
 *   TAKE_STORES       the same on the listener's side
 *   EARLY_HEAD        the listener goes on before it takes
 *   TAKES_TAKEN       the next listener takes what the dead one took
 *   NO_TURN           two offers of a lane may be open
 *   NO_HEAD           the next turn begins before the listener has gone on:
 *                     who follows a dead one cannot know any more that the
 *                     record was taken
 */
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

#define OFFERED 1
#define TAKEN 2
#define WITHDRAWN 3
#ifdef NO_POSITION
#define WORD(position, state) (state)
#else
#define WORD(position, state) (4 * (position) + (state))
#endif

byte word;
bool stamp[RECORDS + 1];
byte head;

/* What became of each record: taken so many times, passed; what its sender
 * was told. */
byte had[RECORDS + 1];
bool passed[RECORDS + 1];
mtype = { NOTHING, OK, TIMED_OUT };
mtype told[RECORDS + 1] = NOTHING;
byte last;  /* the record taken last, and 1; 0: none */

byte position;   /* of the next record; under the lane's mutex */
bool offering;   /* a thread has its turn */
byte listener;   /* which one lives; 0: none */
byte deaths;

#define IS_OPEN (word == WORD(mine, OFFERED))

proctype Sender() {
  byte mine;
  bool patient;
  if :: patient = true :: patient = false fi;
#ifndef NO_TURN
  if
#ifdef NO_HEAD
  :: atomic { !offering -> offering = true }
#else
  :: atomic { !offering && head >= last -> offering = true }
#endif
  :: !patient -> goto done
  fi;
#endif
  atomic { mine = position; position++ };
#ifdef LATE_MAKE
  stamp[mine] = true;
  word = WORD(mine, OFFERED);
#else
  word = WORD(mine, OFFERED);
  stamp[mine] = true;
#endif
  do
  :: atomic { !IS_OPEN -> told[mine] = OK }; break
  :: !patient ->
#ifdef WITHDRAW_STORES
     if
     :: atomic { word != WORD(mine, OFFERED) -> told[mine] = OK }
     :: word == WORD(mine, OFFERED) ->
        atomic { word = WORD(mine, WITHDRAWN); told[mine] = TIMED_OUT }
     fi;
#else
     atomic {
       if
       :: word == WORD(mine, OFFERED) ->
          word = WORD(mine, WITHDRAWN); told[mine] = TIMED_OUT
       :: else -> told[mine] = OK
       fi
     };
#endif
     break
  od;
  if
  :: told[mine] == OK -> last = mine + 1
  :: else -> skip
  fi;
  offering = false;
  assert(told[mine] != TIMED_OUT || had[mine] == 0);
  assert(told[mine] != OK || had[mine] == 1);
done:
  skip
}

/* `me` is alive, or does nothing more. */
#define ALIVE (listener == me)

proctype Listener(byte me; byte at) {
  bool mine;
end:
  do
  :: !ALIVE -> break
  :: at >= RECORDS -> break
  :: atomic { ALIVE && at < RECORDS && stamp[at] -> mine = false };
#ifdef EARLY_HEAD
     if
     :: !ALIVE -> break
     :: atomic { ALIVE -> head = at + 1 }
     fi;
#endif
#ifdef TAKE_STORES
     if
     :: !ALIVE -> break
     :: atomic { ALIVE && word == WORD(at, OFFERED) -> mine = true };
        if
        :: !ALIVE -> break
        :: atomic { ALIVE -> word = WORD(at, TAKEN); had[at]++ }
        fi
     :: ALIVE && word != WORD(at, OFFERED) -> skip
     fi;
#else
     if
     :: !ALIVE -> break
     :: atomic {
          ALIVE ->
          if
          :: word == WORD(at, OFFERED) ->
             word = WORD(at, TAKEN); had[at]++; mine = true
#ifdef TAKES_TAKEN
          :: word == WORD(at, TAKEN) -> had[at]++; mine = true
#endif
          :: else -> skip
          fi
        }
     fi;
#endif
     atomic {
       if
       :: ALIVE && !mine -> passed[at] = true;
          /* It knows what became of it, and says so if it was taken. */
          assert(word == WORD(at, TAKEN) || word == WORD(at, WITHDRAWN) ||
                 told[at] == TIMED_OUT)
       :: else -> skip
       fi
     };
#ifndef EARLY_HEAD
     if
     :: !ALIVE -> break
     :: atomic { ALIVE -> head = at + 1 }
     fi;
#endif
     at++
  od
}

/* The kernel process: after a death it measures where the next one begins. */
active proctype Kernel() {
end:
  do
  :: atomic { listener != 0 && deaths < DEATHS -> listener = 0; deaths++ };
     atomic { listener = 1 + deaths;
                              run Listener(listener, head) }
  :: deaths == DEATHS -> break
  od
}

init {
  atomic {
    listener = 1;
    run Listener(1, 0);
    run Sender();
    run Sender()
  }
}
