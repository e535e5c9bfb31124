foreach(name sql sqlstate statement queue catalogue)
  pcn_unit(db ${name} pcn_db)
endforeach()
