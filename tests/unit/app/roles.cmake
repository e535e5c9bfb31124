pcn_unit(app roles pcn_app)
