#pragma once

namespace troupe::actors {

// In the process of an agent: a signal that ends it for a fault of its code (a bad address, a division by zero, an
// illegal instruction) leaves a line on stderr that says what it was, and where; a stack that is used up is told from
// a bad pointer. The signal ends the process all the same.
void install_crash_notes();

// The thread that calls it gets a stack for that, since its own may be the one that is used up. Once per thread.
void prepare_thread_for_crash_notes();

}  // namespace troupe::actors
