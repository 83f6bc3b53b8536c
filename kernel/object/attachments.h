// Attachments: the regions whose blocks one end of a lane, or a topic's
// publisher, may lend. The other side may map them for reading until what they
// are attached to is over, or what they were attached with is revoked.
#pragma once

#include <map>
#include <memory>

#include "kernel/cap/capability.h"
#include "kernel/object/answer.h"

namespace kernel {

class Kernel;
class Region;
class Session;

class Attachments {
 public:
  // -> {number}: never given again. Errors: bad_state (others may write the
  // region, or its contents are gone); quota_exceeded.
  Answer Add(Kernel& kernel, Capability& region);
  // -> {bytes, object id}, descriptor. Errors: not_found; revoked.
  Answer Map(Kernel& kernel, Session& session, uint64_t number);
  bool empty() const { return all_.empty(); }
  bool Has(uint64_t number) { return Find(number) != nullptr; }
  // Whether the other side was ever given it, and so is told of its end.
  bool WasMapped(uint64_t number) {
    const Attachment* const found = Find(number);
    return found != nullptr && found->mapped;
  }
  void Remove(Kernel& kernel, uint64_t number);
  void Clear(Kernel& kernel);

 private:
  struct Attachment {
    Region* region;
    std::shared_ptr<const Warrant> warrant;
    bool mapped = false;
  };
  Attachment* Find(uint64_t number);
  static void Forget(Kernel& kernel, const Attachment& attachment);

  std::map<uint32_t, Attachment> all_;
  uint32_t given_ = 0;
};

}  // namespace kernel
