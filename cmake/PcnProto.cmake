# pcn_proto(target DIR): every .proto below DIR becomes one library: protobuf-c's code and the tables of tools/pcn_proto_gen.py. Beside it
# the documents of the interface are made: PCN_DOCUMENTS, and the target that makes them, <target>_documents.
function(pcn_proto target dir)
  file(GLOB_RECURSE protos CONFIGURE_DEPENDS RELATIVE ${dir} ${dir}/*.proto)
  list(SORT protos)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target})
  set(code ${out}/google/protobuf/descriptor.pb-c.c)
  set(meta ${out}/pcn/contract.meta.c)
  set(absolute "")
  foreach(proto ${protos})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    list(APPEND code ${out}/${stem}.pb-c.c)
    list(APPEND absolute ${dir}/${proto})
    if(NOT proto MATCHES "/options\\.proto$")
      list(APPEND meta ${out}/${stem}.meta.c)
    endif()
  endforeach()
  # The options import protobuf's own descriptor.proto, for which Debian ships no protobuf-c code.
  add_custom_command(OUTPUT ${code}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${PROTOC_C} -I${dir} -I${PROTOBUF_INCLUDE} --c_out=${out} ${protos} google/protobuf/descriptor.proto
    DEPENDS ${absolute} VERBATIM)
  add_custom_command(OUTPUT ${meta}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}/python
    COMMAND ${PROTOC} -I${dir} --python_out=${out}/python pcn/common/v1/options.proto
    COMMAND ${PROTOC} -I${dir} --include_imports --include_source_info --descriptor_set_out=${out}/contract.pb ${protos}
    COMMAND ${PYTHON} ${CMAKE_SOURCE_DIR}/tools/pcn_proto_gen.py --options ${out}/python --out ${out} ${out}/contract.pb
    DEPENDS ${absolute} ${CMAKE_SOURCE_DIR}/tools/pcn_proto_gen.py VERBATIM)
  set(tools ${CMAKE_SOURCE_DIR}/tools)
  set(documents ${out}/openapi.json ${out}/asyncapi.json ${out}/docs.html)
  set(said --options ${out}/python --version ${PROJECT_VERSION} ${out}/contract.pb)
  add_custom_command(OUTPUT ${documents}
    COMMAND ${PYTHON} ${tools}/pcn_openapi.py --out ${out}/openapi.json ${said}
    COMMAND ${PYTHON} ${tools}/pcn_asyncapi.py --out ${out}/asyncapi.json ${said}
    COMMAND ${PYTHON} ${tools}/pcn_docs_page.py --out ${out}/docs.html ${out}/openapi.json
    DEPENDS ${meta} ${tools}/pcn_openapi.py ${tools}/pcn_asyncapi.py ${tools}/pcn_docs_page.py VERBATIM)
  add_custom_target(${target}_documents ALL DEPENDS ${documents})
  set(PCN_DOCUMENTS ${documents} PARENT_SCOPE)
  add_library(${target} STATIC ${code} ${meta})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR} ${out})
  target_link_libraries(${target} PUBLIC protobuf-c)
endfunction()
