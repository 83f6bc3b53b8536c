# Links Abseil into each program instead of having it load 30 small libraries:
# that takes a process more than a millisecond at its start. Where the static
# libraries are missing the shared ones are taken.

get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
list(FILTER imported INCLUDE REGEX "^absl::")
foreach(target ${imported})
  get_target_property(shared ${target} IMPORTED_LOCATION_NONE)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" static "${shared}")
  if(shared AND EXISTS "${static}")
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION_NONE "${static}" IMPORTED_SONAME_NONE "")
  endif()
endforeach()

# And liburing, of which little is not in its headers.
find_library(KEYPORT_STATIC_URING liburing.a)
if(KEYPORT_STATIC_URING)
  set_target_properties(PkgConfig::URING PROPERTIES
    INTERFACE_LINK_LIBRARIES "${KEYPORT_STATIC_URING}")
endif()
