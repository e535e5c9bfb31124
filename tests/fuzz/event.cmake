# What a peer sends whoever follows its log.
include(${CMAKE_CURRENT_LIST_DIR}/fuzz.cmake)
pcn_fuzzer(event_peer pcn_event pb_sample)
