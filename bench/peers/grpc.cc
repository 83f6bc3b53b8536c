// gRPC over an abstract Unix socket. Callback service, one channel and stub
// used again and again, blocking unary calls; one way, one client stream with
// buffer hints: what "Performance Best Practices" on grpc.io says of C++. The
// channel is told to favour latency. Its threads sleep in epoll.
#include <grpcpp/grpcpp.h>
#include <stdio.h>

#include <atomic>
#include <optional>

#include "bench/common/must.h"
#include "bench/peers/echo.grpc.pb.h"
#include "bench/peers/kinds.h"
#include "bench/peers/link_peer.h"
#include "bench/peers/server_process.h"

namespace bench {
namespace {

using keyport::bench::Arrived;
using keyport::bench::Content;
using keyport::bench::Echo;
using keyport::bench::Taken;

constexpr int kAnySize = -1;

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "gRPC: %s\n", status.error_message().c_str());
  _Exit(1);
}
Bytes Of(const Content& content) {
  return std::as_bytes(std::span(content.bytes()));
}
void Set(Content& content, Bytes bytes) {
  content.set_bytes(bytes.data(), bytes.size());
}

class Taker : public grpc::ServerReadReactor<Content> {
 public:
  explicit Taker(Taken* taken) : taken_(taken) { StartRead(&read_); }
  void OnReadDone(bool read) override {
    if (!read) return Finish(grpc::Status::OK);
    if (!contents_) contents_.emplace(read_.bytes().size());
    contents_->Check(taken_->messages(), Of(read_));
    taken_->set_messages(taken_->messages() + 1);
    taken_->set_bytes_each(read_.bytes().size());
    StartRead(&read_);
  }
  void OnDone() override { delete this; }

 private:
  Taken* const taken_;
  Content read_;
  std::optional<Contents> contents_;
};

class Service : public Echo::CallbackService {
  grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context,
                                 const Content* request,
                                 Content* answer) override {
    answer->set_bytes(request->bytes());
    return Answered(context);
  }
  grpc::ServerUnaryReactor* Arrival(grpc::CallbackServerContext* context,
                                    const Content* request,
                                    Arrived* arrived) override {
    arrived->set_at(base::NowNs());
    Contents(kArrivalBytes).Check(arrivals_++, Of(*request));
    return Answered(context);
  }
  grpc::ServerReadReactor<Content>* Take(grpc::CallbackServerContext*,
                                         Taken* taken) override {
    return new Taker(taken);
  }
  static grpc::ServerUnaryReactor* Answered(
      grpc::CallbackServerContext* context) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  std::atomic<uint64_t> arrivals_ = 0;
};

void Serve(const std::string& address, Orders& orders) {
  Service service;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kAnySize);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  Expect(server != nullptr, "starting gRPC's server");
  orders.Done();
  orders.Next();
  server->Shutdown();
}

std::unique_ptr<Echo::Stub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kAnySize);
  arguments.SetString(GRPC_ARG_OPTIMIZATION_TARGET, "latency");
  return Echo::NewStub(grpc::CreateCustomChannel(
      address, grpc::InsecureChannelCredentials(), arguments));
}

class GrpcCalls : public Peer {
 public:
  GrpcCalls(Placement placement, const std::string& address)
      : server_(placement.second,
                [&](Orders& orders) { Serve(address, orders); }) {
    PinTo(placement.first);
    server_.AwaitDone();
    stub_ = Connect(address);
  }

  Times RoundTrips(size_t bytes, int rounds) override {
    Contents contents(bytes);
    Times times;
    times.reserve(static_cast<size_t>(rounds));
    for (int i = 0; i < rounds; ++i) {
      times.push_back(RoundTrip(contents, static_cast<uint64_t>(i)));
    }
    return times;
  }

  double OneWayNs(size_t bytes, int messages) override {
    Contents contents(bytes);
    grpc::ClientContext context;
    Taken taken;
    const auto writer = stub_->Take(&context, &taken);
    const double took = TimeAll([&] {
      PutAll(*writer, contents, messages);
      writer->WritesDone();
      Check(writer->Finish());
    });
    Expect(taken.messages() == static_cast<uint64_t>(messages) &&
               taken.bytes_each() == bytes,
           "each message arrived");
    return took / messages;
  }

  Times WakeUps(int64_t idle_ns, int rounds) override {
    Contents contents(kArrivalBytes);
    return TimeArrivals(idle_ns, rounds, [&](uint64_t) {
      grpc::ClientContext context;
      Content request;
      Arrived arrived;
      Set(request, contents.Of(arrivals_++));
      Check(stub_->Arrival(&context, request, &arrived));
      return arrived.at();
    });
  }

 private:
  int64_t RoundTrip(Contents& contents, uint64_t number) {
    const Bytes wanted = contents.Of(number);
    const int64_t start = base::NowNs();
    grpc::ClientContext context;
    Content request;
    Content answer;
    Set(request, wanted);
    Check(stub_->Call(&context, request, &answer));
    const int64_t took = base::NowNs() - start;
    contents.Check(number, Of(answer));
    return took;
  }

  static void PutAll(grpc::ClientWriter<Content>& writer, Contents& contents,
                     int messages) {
    Content content;
    for (int i = 0; i < messages; ++i) {
      Set(content, contents.Of(static_cast<uint64_t>(i)));
      Expect(writer.Write(content, grpc::WriteOptions().set_buffer_hint()),
             "writing to gRPC's stream");
    }
  }

  ServerProcess server_;  // ends after the channel to it
  std::unique_ptr<Echo::Stub> stub_;
  uint64_t arrivals_ = 0;
};

std::unique_ptr<Peer> Make(Placement placement, Waits) {
  return Warm(
      std::make_unique<GrpcCalls>(placement, "unix-abstract:" + SocketName()));
}

}  // namespace

const PeerKind& GrpcPeer() {
  static constexpr PeerKind kKind = {"grpc", AlwaysSleeps, Make};
  return kKind;
}

}  // namespace bench
