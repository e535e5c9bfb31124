pcn_unit(service plan pcn_service)
pcn_unit(service resource pcn_service)
