#include "bench/sharing/fan_out.h"
#include "bench/sharing/fan_out_rigs.h"
#include "ipc/loan.h"

namespace bench {
namespace {

// A record at its beginning is written and read: what the rest would cost is
// the memory's.
void FillBlock(const ipc::Loan& block, Record record) {
  std::memcpy(block.bytes().data(), record.data(), record.size());
}
bool HasBlock(Record payload, size_t bytes, uint64_t number) {
  return payload.size() == bytes &&
         HasContent(payload.first(kRecordBytes), number);
}

}  // namespace

double TopicBlocks(int readers, int rounds, size_t bytes) {
  BusyTopic topic;
  ipc::Pool pool = Must(ipc::Pool::Create(topic.session()));
  return topic.Time(
      readers, rounds, ipc::Delivery::kReliable,
      [&](const ipc::TopicMessage& got, uint64_t number) {
        return HasBlock(got.payload, bytes, number) && got.IsWhole();
      },
      [&](Record record) {
        ipc::Loan block = Must(topic.publisher().Allocate(pool, bytes));
        FillBlock(block, record);
        Must(topic.publisher().Publish(block));
      });
}

double LaneBlocks(int readers, int rounds, size_t bytes) {
  BusyLanes lanes(readers);
  ipc::Pool pool = Must(ipc::Pool::Create(lanes.session()));
  return lanes.Time(
      rounds,
      [&](const ipc::Message& got, uint64_t number) {
        return HasBlock(got.payload(), bytes, number);
      },
      [&](Record record) {
        const ipc::Loan block =
            Must(pool.Allocate(bytes, ipc::Deadline::Never()));
        FillBlock(block, record);
        for (ipc::Sender& sender : lanes.senders()) {
          ipc::Loan each = block.Share();
          Must(sender.SendLoan(each));
        }
      });
}

}  // namespace bench
