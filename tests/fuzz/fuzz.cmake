# pcn_fuzzer(name libraries…): tests/fuzz/fuzz_<name>.c with libFuzzer, begun from tests/fuzz/corpus/<name>. A file of this folder that
# adds fuzzers begins with include(${CMAKE_CURRENT_LIST_DIR}/fuzz.cmake). Only with -DPCN_FUZZ=ON, which needs clang; use
# it with -DPCN_SANITIZE=address,undefined, without which a fuzzer sees little.
include_guard(GLOBAL)
set(PCN_FUZZ_SECONDS 5 CACHE STRING "How long ctest lets each fuzzer search")

if(PCN_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PCN_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
  endif()
  if(NOT PCN_SANITIZE)
    message(FATAL_ERROR "PCN_FUZZ needs sanitizers: -DPCN_SANITIZE=address,undefined")
  endif()
  # The fuzzer finds its way by the branches of what it tests, so all libraries of ours tell theirs. Programs that are no fuzzers
  # ignore it: the sanitizers' runtime holds empty receivers.
  foreach(folder base proto pb db rpc event app service)
    if(TARGET pcn_${folder})
      get_target_property(kind pcn_${folder} TYPE)
      if(kind STREQUAL "STATIC_LIBRARY")
        target_compile_options(pcn_${folder} PRIVATE -fsanitize=fuzzer-no-link)
      endif()
    endif()
  endforeach()
endif()

function(pcn_fuzzer name)
  if(NOT PCN_FUZZ)
    return()
  endif()
  set(found ${CMAKE_CURRENT_BINARY_DIR}/fuzz/${name})
  file(MAKE_DIRECTORY ${found})
  add_executable(fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_${name}.c)
  target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  # What is found goes to the build tree: the first folder is written, the second only read.
  add_test(NAME fuzz/${name} COMMAND fuzz_${name} -max_total_time=${PCN_FUZZ_SECONDS} -rss_limit_mb=1024 -timeout=10 -max_len=16384
    -print_final_stats=1 -artifact_prefix=${found}- ${found} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  math(EXPR most "${PCN_FUZZ_SECONDS} + 120")
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT ${most})
endfunction()

pcn_fuzzer(pb_wire pb_sample)
pcn_fuzzer(pb_json_read pb_sample)
pcn_fuzzer(pb_column pb_sample)
pcn_fuzzer(pb_path pb_sample)
