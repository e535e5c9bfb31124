pcn_unit(service plan pcn_service)
