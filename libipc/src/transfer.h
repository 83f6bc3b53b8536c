// Capabilities in messages: staged in the kernel process before a record is
// sent, redeemed after it was received.
#pragma once

#include <span>
#include <vector>

#include "ipc/message.h"
#include "lane_end.h"

namespace ipc {

// Capabilities moved into a lane for one record. Unless committed they come
// back to their owners' objects, under new handles.
class StagedTransfer {
 public:
  // Nothing is staged for an empty span.
  // Errors: those of transfer_stage, naming the item; nothing moved then.
  static absl::StatusOr<StagedTransfer> Stage(
      LaneEnd& lane, std::span<Capability> capabilities);
  StagedTransfer(StagedTransfer&& other) noexcept;
  StagedTransfer& operator=(StagedTransfer&&) = delete;
  ~StagedTransfer();

  void AddTo(Outgoing& record) const;
  // The record was sent: the capabilities are gone from here.
  void Commit();

 private:
  StagedTransfer(LaneEnd& lane, std::span<Capability> capabilities,
                 uint64_t token)
      : lane_(&lane), capabilities_(capabilities), token_(token) {}
  LaneEnd* lane_;
  std::span<Capability> capabilities_;
  uint64_t token_;
};

// Why none of the capabilities was moved: the payload has each one's error.
absl::Status StatusOfItems(const Answer& answer,
                           std::span<const Capability> capabilities);

// Takes and closes what came with a record that nobody will look at. Does not
// wait.
void Discard(LaneEnd& lane, uint64_t token);
absl::StatusOr<std::vector<ReceivedCapability>> RedeemNow(LaneEnd& lane,
                                                          uint64_t token);

}  // namespace ipc
