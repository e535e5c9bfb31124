-- Whom row-level security asks about. Before a statement of a method that reaches by it (SERVICE_REACHES) the platform tells the database, for
-- that transaction, who asks and of which request it is. What was not told of sees nothing, whoever was told of before it.

-- Whether this request was told of last.
CREATE FUNCTION told(request_id text) RETURNS boolean STABLE LANGUAGE sql
    RETURN current_setting('pcn.request', true) = request_id;

-- The caller's organisations; NULL for none.
CREATE FUNCTION told_organisations() RETURNS text[] STABLE LANGUAGE sql
    RETURN string_to_array(nullif(current_setting('pcn.organisations', true), ''), ',');

CREATE FUNCTION told_subject() RETURNS text STABLE LANGUAGE sql
    RETURN nullif(current_setting('pcn.subject', true), '');

-- Whether it is the service itself, doing what its time has come for.
CREATE FUNCTION told_own() RETURNS boolean STABLE LANGUAGE sql
    RETURN coalesce(current_setting('pcn.own', true) = 'true', false);
