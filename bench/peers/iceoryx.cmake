find_package(iceoryx_posh QUIET)
find_program(IOX_ROUDI iox-roudi)
if(iceoryx_posh_FOUND AND IOX_ROUDI)
  set_property(SOURCE iceoryx_processes.cc APPEND PROPERTY
    COMPILE_DEFINITIONS KEYPORT_IOX_ROUDI="${IOX_ROUDI}")
  bench_peer(Iceoryx iceoryx SOURCES iceoryx.cc iceoryx_processes.cc
    PACKAGES iceoryx_posh::iceoryx_posh)
else()
  bench_peer(Iceoryx iceoryx)
endif()
