// What must live around iceoryx's endpoints: its daemon, and the registration
// of each process with it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

namespace bench {

// The daemon iox-roudi, with its built-in memory pools; ends with this object
// or with the process.
class RouDi {
 public:
  RouDi();
  RouDi(const RouDi&) = delete;
  RouDi& operator=(const RouDi&) = delete;
  ~RouDi();

 private:
  pid_t process_;
};

// Registers this process for as long as it lives. iceoryx's own way lasts until
// the process exits; but a daemon that ends kills those still registered.
class Registration {
 public:
  explicit Registration(const std::string& name);
  ~Registration();

 private:
  class Runtime;
  static std::unique_ptr<Runtime> runtime_;
};

}  // namespace bench
