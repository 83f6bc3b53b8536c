#include "bench/common/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

#include <fstream>
#include <thread>

namespace bench {
namespace {

std::string ProcessorModel() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

std::string Today() {
  const time_t now = time(nullptr);
  tm parts;
  char text[16];
  strftime(text, sizeof(text), "%F", gmtime_r(&now, &parts));
  return text;
}

}  // namespace

Machine ThisMachine() {
  utsname system;
  uname(&system);
  Machine machine{ProcessorModel(), std::thread::hardware_concurrency(),
                  std::string(system.sysname) + " " + system.release, Today(),
                  0};
  getloadavg(&machine.load, 1);
  return machine;
}

std::string Machine::Text() const {
  char loaded[16];
  snprintf(loaded, sizeof(loaded), "%.1f", load);
  return date + ", " + std::to_string(processors) + " x " + model + ", " +
         system + ", load " + loaded;
}

}  // namespace bench
