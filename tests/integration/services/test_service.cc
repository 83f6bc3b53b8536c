// A service that does what its first word says; the graphs of the tests are
// made of it. Words: MODE [PORT] [more].
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "ipc/notification.h"
#include "ipc/port.h"
#include "ipc/region.h"

namespace {

int Fail(const absl::Status& status) {
  std::printf("failed: %s: %s\n",
              std::string(ipc::ErrorName(ipc::ErrorOf(status))).c_str(),
              std::string(status.message()).c_str());
  return 5;
}

void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string Upper(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// Dies by SIGKILL if the marker file is not there yet.
void DieOnce(const std::string& marker) {
  if (access(marker.c_str(), F_OK) == 0) return;
  std::ofstream(marker) << "died\n";
  kill(getpid(), SIGKILL);
}

class Service {
 public:
  explicit Service(std::vector<std::string> words) : words_(std::move(words)) {
    words_.resize(8);
  }

  int Run() {
    const std::string& mode = words_[0];
    if (mode == "exit") return std::atoi(words_[1].c_str());
    if (mode == "die-once") {
      DieOnce(words_[1]);
      Say("alive");
      return std::atoi(words_[2].c_str());
    }
    if (mode == "say") {
      for (size_t i = 1; i < words_.size() && !words_[i].empty(); ++i)
        Say(words_[i]);
      return 0;
    }
    if (mode == "stubborn") signal(SIGTERM, SIG_IGN);
    if (mode == "pause" || mode == "stubborn") {
      Say("paused");
      while (true) pause();
    }
    absl::StatusOr<ipc::Session> session = ipc::Session::FromEnvironment();
    if (!session.ok()) return Fail(session.status());
    absl::StatusOr<ipc::Capability> port = session->Take(words_[1]);
    if (!port.ok()) return Fail(port.status());
    if (mode == "send" || mode == "call" || mode == "call-often")
      return Send(mode, *std::move(port));
    if (mode == "own") return Own(*session, *std::move(port));
    if (mode == "count") return Count(*std::move(port));
    if (mode == "borrow") return Borrow(*std::move(port));
    if (mode == "lend") return Lend(&*session, *std::move(port));
    if (mode == "relay") return Relay(&*session, *std::move(port));
    return Receive(mode, *std::move(port));
  }

 private:
  int Send(const std::string& mode, ipc::Capability port) {
    absl::StatusOr<ipc::Sender> sender = ipc::Sender::Create(std::move(port));
    if (!sender.ok()) return Fail(sender.status());
    if (mode == "send") return SendNumbers(&*sender);
    do {
      absl::StatusOr<ipc::Message> reply =
          sender->Call(words_[2], {.label = 3});
      if (!reply.ok()) return Fail(reply.status());
      if (mode == "call") Say("reply " + std::string(reply->text()));
      const timespec millisecond = {0, 1'000'000};
      if (mode == "call-often") nanosleep(&millisecond, nullptr);
    } while (mode == "call-often");
    return 0;
  }

  int SendNumbers(ipc::Sender* sender) {
    const int count = std::atoi(words_[2].c_str());
    for (int i = 0; i <= count; ++i) {
      const std::string text = i == count ? "end" : std::to_string(i);
      if (absl::Status sent = sender->Send(text); !sent.ok()) return Fail(sent);
    }
    Say("sent all");
    return 0;
  }

  // Keeps a notification, a region, and a copy of the port that ends.
  int Own(const ipc::Session& session, ipc::Capability port) {
    const auto notification =
        ipc::Notification::Create(session, ipc::NotificationKind::counter, 5);
    if (!notification.ok()) return Fail(notification.status());
    const auto region = ipc::Region::Create(session, 65'536);
    if (!region.ok()) return Fail(region.status());
    const auto copy = port.MintUntil(ipc::kRightSend | ipc::kRightWait, 0,
                                     ipc::Deadline::After(absl::Hours(1)));
    if (!copy.ok()) return Fail(copy.status());
    Say("owns");
    while (true) pause();
  }

  // Answers every call with a copy of the capability words_[2].
  int Lend(ipc::Session* session, ipc::Capability port) {
    absl::StatusOr<ipc::Capability> own = session->Take(words_[2]);
    if (!own.ok()) return Fail(own.status());
    absl::StatusOr<ipc::Receiver> receiver =
        ipc::Receiver::Create(std::move(port));
    if (!receiver.ok()) return Fail(receiver.status());
    while (true) {
      absl::StatusOr<ipc::Message> message = receiver->Receive();
      if (!message.ok()) return Fail(message.status());
      absl::StatusOr<ipc::Capability> copy = own->Duplicate();
      if (!copy.ok()) return Fail(copy.status());
      const absl::Status replied = message->Reply({}, {&*copy, 1});
      if (!replied.ok()) return Fail(replied);
    }
  }

  // Answers every call with what the port words_[2] answers.
  int Relay(ipc::Session* session, ipc::Capability port) {
    absl::StatusOr<ipc::Capability> next = session->Take(words_[2]);
    if (!next.ok()) return Fail(next.status());
    absl::StatusOr<ipc::Sender> sender = ipc::Sender::Create(*std::move(next));
    if (!sender.ok()) return Fail(sender.status());
    absl::StatusOr<ipc::Receiver> receiver =
        ipc::Receiver::Create(std::move(port));
    if (!receiver.ok()) return Fail(receiver.status());
    while (true) {
      absl::StatusOr<ipc::Message> message = receiver->Receive();
      if (!message.ok()) return Fail(message.status());
      absl::StatusOr<ipc::Message> answer =
          sender->Call(message->text(), {.label = 4});
      if (!answer.ok()) return Fail(answer.status());
      const absl::Status replied = message->Reply(answer->text());
      if (!replied.ok()) return Fail(replied);
    }
  }

  // Calls, and keeps what comes with the answer.
  int Borrow(ipc::Capability port) {
    absl::StatusOr<ipc::Sender> sender = ipc::Sender::Create(std::move(port));
    if (!sender.ok()) return Fail(sender.status());
    absl::StatusOr<ipc::Message> reply = sender->Call("");
    if (!reply.ok()) return Fail(reply.status());
    const auto borrowed = reply->TakeCapabilities();
    if (!borrowed.ok()) return Fail(borrowed.status());
    Say("borrowed " + std::to_string(borrowed->size()));
    while (true) pause();
  }

  // Takes messages until "end" and says how many came before it.
  int Count(ipc::Capability port) {
    absl::StatusOr<ipc::Receiver> receiver =
        ipc::Receiver::Create(std::move(port));
    if (!receiver.ok()) return Fail(receiver.status());
    Say("listening");
    for (uint64_t count = 0; true; ++count) {
      absl::StatusOr<ipc::Message> message = receiver->Receive();
      if (!message.ok()) return Fail(message.status());
      if (message->text() == "end") {
        Say("counted " + std::to_string(count));
        while (true) pause();
      }
    }
  }

  // echo: answers; shout: in capitals; hold: never answers; read: prints until
  // "end", and dies once after taking the message words_[2].
  int Receive(const std::string& mode, ipc::Capability port) {
    absl::StatusOr<ipc::Receiver> receiver =
        ipc::Receiver::Create(std::move(port));
    if (!receiver.ok()) return Fail(receiver.status());
    Say("listening");
    std::vector<ipc::Message> held;
    while (true) {
      absl::StatusOr<ipc::Message> message = receiver->Receive();
      if (!message.ok()) return Fail(message.status());
      const std::string text(message->text());
      if (mode == "hold") {
        Say("holds " + text);
        held.push_back(*std::move(message));
        continue;
      }
      if (mode == "echo" || mode == "shout") {
        if (text == words_[2] && !text.empty()) DieOnce(words_[3]);
        if (message->wants_reply()) {
          const absl::Status replied =
              message->Reply("echo " + (mode == "echo" ? text : Upper(text)));
          if (!replied.ok()) return Fail(replied);
        }
        continue;
      }
      if (text == words_[2]) DieOnce(words_[3]);
      Say("got " + text);
      if (text == "end") return 0;
    }
  }

  std::vector<std::string> words_;
};

}  // namespace

int main(int argc, char** argv) {
  return Service({argv + 1, argv + argc}).Run();
}
