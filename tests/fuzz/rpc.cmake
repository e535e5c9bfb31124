# What a peer that has a key sends a daemon.
include(${CMAKE_CURRENT_LIST_DIR}/fuzz.cmake)
pcn_fuzzer(rpc_batch pcn_rpc)
