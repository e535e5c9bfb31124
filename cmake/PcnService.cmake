# What a folder below services/ may be: a service (it has migrations/) or a plain program.

# pcn_embed(target OUT.c symbol FILES…): SQL files NNNN_name.sql as a db_migration_t table.
function(pcn_embed_migrations target symbol dir)
  file(GLOB files CONFIGURE_DEPENDS ${dir}/*.sql)
  list(SORT files)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${PYTHON} ${CMAKE_SOURCE_DIR}/tools/embed_migrations.py ${symbol} ${out} ${files}
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/tools/embed_migrations.py VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

# pcn_service(name): services/<name> as library pcn_<name>_core (all but main.c, for tests) and daemon pcn-<name>.
function(pcn_service name)
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
  list(REMOVE_ITEM sources ${dir}/main.c)
  add_library(pcn_${name}_core STATIC ${sources})
  pcn_embed_migrations(pcn_${name}_core ${name}_migrations ${dir}/migrations)
  target_link_libraries(pcn_${name}_core PUBLIC pcn_service)
  add_executable(pcn-${name} ${dir}/main.c)
  target_link_libraries(pcn-${name} PRIVATE pcn_${name}_core)
endfunction()
