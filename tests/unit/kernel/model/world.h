// World: one kernel, its model, and the clients that play with it.
#pragma once

#include "tests/unit/kernel/model/generator.h"
#include "tests/unit/kernel/model/log.h"
#include "tests/unit/kernel/model/wire.h"

namespace model {

class World {
 public:
  World(const Profile& profile, uint64_t seed, Log* log, Coverage* coverage);
  // Asks one thing and, at times, lets the kernel work. Throws Mismatch.
  void Step();
  // Ends everybody. Nothing may stay.
  void End();

 private:
  struct Player {
    Session* session;
    std::unique_ptr<Wire> wire;
    std::vector<Request> asked;  // since the last turn
    std::map<uint64_t, Answer> answers;
    std::map<uint64_t, std::vector<base::UniqueFd>> fds;  // by user_data
    std::vector<Received> events;
    size_t bytes = 0;  // of requests and of their answers, at most
  };

  // What happens.
  void SetUp();
  void Ask(Player& player, Request request);
  static bool IsPoor(Player& player);
  void EndSomebody();
  void EndPlayer(size_t index);
  void ServeUnseen(Player& player);
  void EndWaiting();
  void SomebodyJoins();
  Player& Join(uint64_t session, std::shared_ptr<Inbox> inbox);
  Player& JoinAs(Session::Origin origin);
  bool Turn();
  void EndMuch(Player& player);
  // Time goes on.
  void Wait(uint64_t most_ns);
  void WaitUntil(int64_t now_ns);
  // With what has ended by when the kernel looks at it.
  void AskTooLate(Player& player);
  void Rest();

  // What is to be checked.
  void Collect(Player& player);
  void CheckAnswers(Player& player);
  void CheckLateAnswers(Player& player);
  void CheckEvents(Player& player);
  bool MayBeLeftOut(const Event& event) const;
  void WriteLane(Player& player, Handle handle, const base::UniqueFd& half,
                 uint64_t key);

  const Profile profile_;
  Random random_;
  Log& log_;
  WireHost host_;
  kernel::Kernel kernel_;
  Model model_;
  Generator generator_;
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<Player*> ready_;  // in the order in which they will be served
  uint64_t next_user_data_ = 1;
  uint64_t batch_left_ = 1;
  uint64_t turns_ = 0;
};

}  // namespace model
