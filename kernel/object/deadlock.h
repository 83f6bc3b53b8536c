// Finds calls that wait for one another, from what threads say they sleep on.
//
// A blocked call waits for whoever can answer it: once it was taken, for the
// thread that handles it, which is one that runs or one that calls on with the
// same flow; before that, for any thread of the listener. A thread is stuck if,
// going from waiter to awaited, no thread can be reached that is not blocked in
// a call. Where anything is not known (a lane without listener, a process with
// more threads than are seen, a reply that was moved) nobody is called stuck.
// Source: Knapp, "Deadlock detection in distributed databases" (1987), the OR
// model.
#pragma once

#include "kernel/object/answer.h"
#include "kernel/object/lane.h"

namespace kernel {

class Kernel;

// `waiter`: the caller's own slot in its table, published before.
// Errors: invalid_args (no such slot, or it says something else); deadlock,
// with the path as DeadlockStep[] from the caller on.
Answer CheckDeadlock(Kernel& kernel, Session& session, Lane& lane,
                     uint64_t waiter);

}  // namespace kernel
