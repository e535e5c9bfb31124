# What reaches the registry's rules as it was sent.
include(${CMAKE_CURRENT_LIST_DIR}/fuzz.cmake)
if(PCN_FUZZ)
  target_compile_options(pcn_registry_core PRIVATE -fsanitize=fuzzer-no-link)
endif()
pcn_fuzzer(registry_paging pcn_registry_core)
pcn_fuzzer(registry_patch pcn_registry_core)
pcn_fuzzer(registry_import pcn_registry_core)
