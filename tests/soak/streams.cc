#include "tests/soak/streams.h"

#include <cstring>

#include "tests/soak/random.h"

namespace soak {
namespace {

Random FillingOf(const Envelope& envelope) {
  return Random(envelope.stream * 1'000'003 + envelope.number);
}

}  // namespace

std::string Compose(const Envelope& envelope, size_t bytes) {
  std::string payload(bytes, '\0');
  std::memcpy(payload.data(), &envelope, sizeof(envelope));
  FillingOf(envelope).Fill(payload.data() + sizeof(envelope),
                           bytes - sizeof(envelope));
  return payload;
}

std::optional<Envelope> Parse(ipc::Bytes payload) {
  Envelope envelope;
  if (payload.size() < sizeof(envelope)) return std::nullopt;
  std::memcpy(&envelope, payload.data(), sizeof(envelope));
  if (ipc::TextOf(payload) != Compose(envelope, payload.size()))
    return std::nullopt;
  return envelope;
}

std::string Taken::Add(const Envelope& envelope, Share share) {
  State& state = streams_[envelope.stream];
  std::string wrong;
  if (envelope.number <= state.number)
    wrong = "after " + std::to_string(state.number) + " came ";
  else if (share == Share::kAll && envelope.last_certain != state.certain)
    wrong = "certain was " + std::to_string(state.certain) + " and not " +
            std::to_string(envelope.last_certain) + " before ";
  if (!wrong.empty())
    wrong = "stream " + std::to_string(envelope.stream) + ": " + wrong +
            std::to_string(envelope.number);
  state.number = envelope.number;
  if ((envelope.flags & kCertain) != 0) state.certain = envelope.number;
  return wrong;
}

}  // namespace soak
