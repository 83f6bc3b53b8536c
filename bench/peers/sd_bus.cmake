pkg_check_modules(SYSTEMD QUIET IMPORTED_TARGET libsystemd)
find_program(DBUS_BROKER dbus-broker)
if(SYSTEMD_FOUND)
  bench_peer(SdBus sd-bus SOURCES sd_bus.cc sd_bus_side.cc
    PACKAGES PkgConfig::SYSTEMD)
else()
  bench_peer(SdBus sd-bus)
endif()
if(SYSTEMD_FOUND AND DBUS_BROKER)
  set_property(SOURCE dbus_broker.cc APPEND PROPERTY
    COMPILE_DEFINITIONS KEYPORT_DBUS_BROKER="${DBUS_BROKER}")
  bench_peer(DbusBroker dbus-broker SOURCES dbus_broker.cc
    PACKAGES PkgConfig::SYSTEMD)
else()
  bench_peer(DbusBroker dbus-broker)
endif()
