pkg_check_modules(SYSTEMD QUIET IMPORTED_TARGET libsystemd)
find_program(DBUS_BROKER dbus-broker)
if(SYSTEMD_FOUND)
  bench_peer(SdBus sd-bus SOURCES sd_bus.cc sd_bus_side.cc
    PACKAGES PkgConfig::SYSTEMD)
else()
  bench_peer(SdBus sd-bus)
endif()
