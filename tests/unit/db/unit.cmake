foreach(name sql sqlstate statement queue catalogue pace)
  pcn_unit(db ${name} pcn_db)
endforeach()
