# Installs programs, libipc's headers and the CMake package `keyport`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS keyport-kernel keyport keyport-tracer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS keyport_options keyport_base keyport_ipc EXPORT keyportTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY libipc/include/ipc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY libipc/abi libipc/base
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/libipc
  FILES_MATCHING PATTERN "*.h" PATTERN "*.def")
# Wireshark loads it by itself where this is its own prefix (/usr on Debian).
install(FILES services/wireshark/keyport.lua
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/wireshark/plugins)
# And shows running graphs as an interface: it calls what lies in that folder.
install(CODE "
  set(folder \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/wireshark/extcap\")
  file(RELATIVE_PATH program \"\${folder}\"
    \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/keyport\")
  file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${folder}\")
  file(CREATE_LINK \"\${program}\" \"\$ENV{DESTDIR}\${folder}/keyport\" SYMBOLIC)
  message(STATUS \"Linked: \$ENV{DESTDIR}\${folder}/keyport\")
" COMPONENT wireshark)
install(EXPORT keyportTargets NAMESPACE keyport::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/keyport)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/keyportConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
configure_file(cmake/keyportConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/keyportConfig.cmake @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/keyportConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/keyportConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/keyport)
