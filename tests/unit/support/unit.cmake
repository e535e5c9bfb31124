# The checker itself: what cannot fail proves nothing.
include(${CMAKE_SOURCE_DIR}/tests/support/faults.cmake)
foreach(name table journal replay leaks invariants load)
  pcn_unit(support ${name} pcn_test_invariants)
endforeach()
# The simulator's own.
foreach(name people plans day mix_booking)
  pcn_unit(support ${name} pcn_simulator)
endforeach()
