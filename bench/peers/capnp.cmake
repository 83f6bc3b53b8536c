find_package(CapnProto QUIET)
if(CapnProto_FOUND)
  set(CAPNPC_OUTPUT_DIR ${generated}/bench/peers)
  capnp_generate_cpp(capnp_sources capnp_headers echo.capnp)
  add_library(bench_capnp_schema STATIC ${capnp_sources})
  target_include_directories(bench_capnp_schema SYSTEM PUBLIC ${generated})
  target_link_libraries(bench_capnp_schema PUBLIC CapnProto::capnp-rpc)
  # Our classes derive from the library's, which have no virtual destructors.
  set_property(SOURCE capnp.cc APPEND PROPERTY
    COMPILE_OPTIONS -Wno-non-virtual-dtor)
  bench_peer(Capnp capnp SOURCES capnp.cc PACKAGES bench_capnp_schema)
else()
  bench_peer(Capnp capnp)
endif()
