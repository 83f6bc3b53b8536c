// Barriers that one side makes for others too: the side that rarely acts pays
// for the order of its own and the others' stores and loads, so that the side
// that often acts needs no fence.
//
// Source: membarrier(2).
#pragma once

namespace base {

// Makes this process known to Linux as one that takes part. Where several
// threads run it takes some milliseconds; later calls do nothing.
// Thread: any.
void JoinBarriers();

// Whether Linux agreed, for all processes that joined or for the threads of
// this one.
bool HasProcessBarriers();
bool HasThreadBarriers();

// Every running thread of a process that joined, or of this process, passes a
// full fence before this returns, and so does the caller.
// Before: HasProcessBarriers(), or HasThreadBarriers().
void FenceProcesses();
void FenceThreads();

}  // namespace base
