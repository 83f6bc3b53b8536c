pkg_check_modules(GRPC QUIET IMPORTED_TARGET grpc++_unsecure protobuf)
find_program(PROTOC protoc)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin)
if(GRPC_FOUND AND PROTOC AND GRPC_CPP_PLUGIN)
  set(grpc_files ${generated}/bench/peers/echo)
  add_custom_command(
    OUTPUT ${grpc_files}.pb.cc ${grpc_files}.pb.h
      ${grpc_files}.grpc.pb.cc ${grpc_files}.grpc.pb.h
    COMMAND ${PROTOC} --proto_path=${PROJECT_SOURCE_DIR}
      --cpp_out=${generated} --grpc_out=${generated}
      --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} bench/peers/echo.proto
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    DEPENDS echo.proto)
  add_library(bench_grpc_schema STATIC
    ${grpc_files}.pb.cc ${grpc_files}.grpc.pb.cc)
  target_include_directories(bench_grpc_schema SYSTEM PUBLIC ${generated})
  target_link_libraries(bench_grpc_schema PUBLIC PkgConfig::GRPC)
  bench_peer(Grpc grpc SOURCES grpc.cc PACKAGES bench_grpc_schema)
else()
  bench_peer(Grpc grpc)
endif()
