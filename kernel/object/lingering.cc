#include "kernel/object/lingering.h"

#include "kernel/object/kernel.h"

namespace kernel {

bool Lingering::Add(Session& session) {
  if (!enabled_ || gives_way_ || session.lingers || count_ == kMost)
    return false;
  if (!session.CanLinger(kernel_->host().Processor())) return false;
  const int64_t patience = session.patience.Next();
  if (patience == 0) return false;
  session.lingers = true;
  session.lingers_until_ns = kernel_->NowNs() + patience;
  sessions_[count_++] = &session;
  return true;
}

void Lingering::Remove(Session& session) {
  if (!session.lingers) return;
  for (size_t i = 0; i < count_; ++i)
    if (sessions_[i] == &session) return Take(i);
}

void Lingering::RestAll() {
  gives_way_ = false;
  while (count_ > 0) {
    Session& session = *sessions_[0];
    Take(0);
    if (!session.Rest()) kernel_->MarkReady(session);
  }
}

void Lingering::Take(size_t place) {
  sessions_[place]->lingers = false;
  sessions_[place] = sessions_[--count_];
}

void Lingering::Poll() {
  const bool look_at_clock = looks_++ % kLooks == 0;
  const int64_t now = look_at_clock ? kernel_->NowNs() : 0;
  for (size_t i = count_; i-- > 0;) {
    Session& session = *sessions_[i];
    const bool asks = session.HasRequests();
    if (!asks && now < session.lingers_until_ns) continue;
    session.patience.Learn(asks);
    Take(i);
    if (asks || !session.Rest()) kernel_->MarkReady(session);
  }
}

}  // namespace kernel
