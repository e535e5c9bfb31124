# What the tests of faults share: journal, load, invariants, kill points and a live follower. Later services bring their own table of
# operations (load.h) beside mix_registry.c. pcn_fault_test(folder name) is a platform test that links it.
include_guard(GLOBAL)
include(${CMAKE_SOURCE_DIR}/tests/support/platform.cmake)
find_package(Threads REQUIRED)

set(support ${CMAKE_SOURCE_DIR}/tests/support)
add_library(pcn_test_invariants STATIC ${support}/journal.c ${support}/load.c ${support}/table.c ${support}/replay.c ${support}/leaks.c
  ${support}/processes.c ${support}/invariants.c)
target_link_libraries(pcn_test_invariants PUBLIC pcn_test_platform Threads::Threads)

# Preloaded into daemons by killer.c.
add_library(pcn_test_killer MODULE ${support}/killer_preload.c)
target_include_directories(pcn_test_killer PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(pcn_test_killer PRIVATE PkgConfig::ZMQ PkgConfig::PQ PkgConfig::MHD ${CMAKE_DL_LIBS})

add_library(pcn_test_faults STATIC ${support}/killer.c ${support}/follower.c ${support}/mix_registry.c)
target_compile_definitions(pcn_test_faults PRIVATE PCN_TEST_KILLER_LIBRARY="$<TARGET_FILE:pcn_test_killer>")
target_link_libraries(pcn_test_faults PUBLIC pcn_test_invariants pcn_event)
add_dependencies(pcn_test_faults pcn_test_killer)

function(pcn_fault_test folder name)
  pcn_platform_test(${folder} ${name})
  target_link_libraries(ptest_${folder}_${name} PRIVATE pcn_test_faults ${ARGN})
endfunction()
