pcn_unit(supervisor spec pcn_supervisor_core)
pcn_unit(supervisor capture pcn_supervisor_core)
pcn_unit(supervisor fleet pcn_supervisor_core)
pcn_unit(supervisor record pcn_supervisor_core)
