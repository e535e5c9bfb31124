#include "services/registry/store_history.h"

#include "services/registry/store_organisation.h"

const db_stmt_t get_history = {"get_history", "SELECT " ORGANISATION_FACTS ", " COMING ", o.facts_recorded_at, "
                                              "past_json(o.code, true) AS past FROM organisation o WHERE o.code = :request.code::text"};
