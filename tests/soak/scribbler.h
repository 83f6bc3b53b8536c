// A peer that writes into its half of a lane whatever it likes: its control
// words, counters, headers and payloads of records, at random, and now and
// then something right, so that the other side goes on reading.
#pragma once

#include <cstdint>
#include <memory>

#include "libipc/base/half.h"
#include "tests/soak/random.h"

namespace soak {

class Scribbler {
 public:
  // `peer`: the other half. `bell`: of the lane; owned by the caller.
  // `position`: where its records go on.
  Scribbler(std::shared_ptr<base::Half> half, std::shared_ptr<base::Half> peer,
            int bell, uint64_t position)
      : half_(std::move(half)),
        peer_(std::move(peer)),
        bell_(bell),
        writer_(half_, position) {}

  // One store or one record.
  void Step(Random& random);
  // A record that is right if the header's flags are, if there is room.
  void Put(const ipc::abi::RecordHeader& header, std::string_view payload);
  void Wake();

 private:
  void ScribbleWord(Random& random);
  void ScribbleRing(Random& random);
  void PutAny(Random& random);
  uint64_t AnyPosition(Random& random);

  std::shared_ptr<base::Half> half_;
  std::shared_ptr<base::Half> peer_;
  int bell_;
  base::RingWriter writer_;
};

}  // namespace soak
