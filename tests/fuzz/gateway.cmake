# What strangers send the gateway: the request line's target, tokens, headers.
include(${CMAKE_CURRENT_LIST_DIR}/fuzz.cmake)
if(PCN_FUZZ)
  target_compile_options(pcn_gateway_core PRIVATE -fsanitize=fuzzer-no-link)
endif()
pcn_fuzzer(gateway_target pcn_gateway_core)
pcn_fuzzer(gateway_token pcn_gateway_core)
pcn_fuzzer(gateway_guard pcn_gateway_core)
pcn_fuzzer(gateway_stream_id pcn_gateway_core)
