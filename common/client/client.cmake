# libpcn: what a subscriber's program links. It holds the parts of the platform's libraries that it needs and shows nothing of them; so
# these are compiled to be put into a shared library, with their names hidden.
#
# cmake --install BUILD --component libpcn installs header, libraries, pkg-config file and manual pages.
include(GNUInstallDirs)

set(client ${CMAKE_CURRENT_LIST_DIR})
set_target_properties(pcn_base pcn_pb pcn_rpc pcn_event pcn_proto PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)

file(STRINGS ${client}/pcn.h numbers REGEX "^#define PCN_VERSION_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" numbers "${numbers}")
list(GET numbers 0 PCN_CLIENT_MAJOR)
list(GET numbers 1 minor)
set(PCN_CLIENT_VERSION ${PCN_CLIENT_MAJOR}.${minor}.0)

file(GLOB sources CONFIGURE_DEPENDS ${client}/*.c)
# Its own files, for the library and for tests of them.
add_library(pcn_client STATIC ${sources})
set_target_properties(pcn_client PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
target_link_libraries(pcn_client PUBLIC pcn_event)

# note.c comes before the archives, so that it is found in place of the platform's log.
add_library(pcn_shared SHARED $<TARGET_OBJECTS:pcn_client>)
set_target_properties(pcn_shared PROPERTIES OUTPUT_NAME pcn VERSION ${PCN_CLIENT_VERSION} SOVERSION ${PCN_CLIENT_MAJOR}
  LINKER_LANGUAGE C LINK_DEPENDS ${client}/libpcn.map)
target_link_options(pcn_shared PRIVATE -Wl,--as-needed -Wl,--version-script=${client}/libpcn.map)
if(NOT PCN_SANITIZE)
  target_link_options(pcn_shared PRIVATE -Wl,-z,defs)
endif()
target_link_libraries(pcn_shared PRIVATE pcn_event)

# The static one is of one object, in which the hidden names are no names any more: nothing of it can meet a name of the program's.
set(parts $<TARGET_FILE:pcn_event> $<TARGET_FILE:pcn_rpc> $<TARGET_FILE:pcn_pb> $<TARGET_FILE:pcn_proto> $<TARGET_FILE:pcn_base>)
set(archive ${CMAKE_CURRENT_BINARY_DIR}/libpcn.a)
add_custom_command(OUTPUT ${archive}
  COMMAND ${CMAKE_LINKER} -r -o libpcn.o $<TARGET_OBJECTS:pcn_client> --start-group ${parts} --end-group
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden libpcn.o
  COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
  COMMAND ${CMAKE_AR} rcs ${archive} libpcn.o
  DEPENDS pcn_client pcn_event pcn_rpc pcn_pb pcn_proto pcn_base $<TARGET_OBJECTS:pcn_client>
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(pcn_archive ALL DEPENDS ${archive})

configure_file(${client}/libpcn.pc.in ${CMAKE_CURRENT_BINARY_DIR}/libpcn.pc.out @ONLY)
# The prefix is known when it is installed, not before.
install(CODE "file(READ \"${CMAKE_CURRENT_BINARY_DIR}/libpcn.pc.out\" text)
string(REPLACE \"%PREFIX%\" \"\${CMAKE_INSTALL_PREFIX}\" text \"\${text}\")
file(WRITE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig/libpcn.pc\" \"\${text}\")" COMPONENT libpcn)
install(TARGETS pcn_shared LIBRARY COMPONENT libpcn NAMELINK_COMPONENT libpcn)
install(FILES ${archive} DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libpcn)
install(FILES ${client}/pcn.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libpcn)
file(GLOB pages CONFIGURE_DEPENDS ${client}/man/*.3)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT libpcn)
# All that is installed, by one name.
add_custom_target(libpcn DEPENDS pcn_shared pcn_archive)
