-- What few new organisations have: an opening or a close that is to come, or a past. The statement that creates calls this only for those, since
-- two further parts of it would cost every other one a tenth.
CREATE FUNCTION organisation_dated(organisation_code text, coming jsonb, past jsonb) RETURNS boolean LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
BEGIN
    INSERT INTO organisation_coming SELECT r.* FROM coming_rows(organisation_code, coming) r;
    INSERT INTO organisation_past SELECT r.* FROM past_rows(organisation_code, past) r;
    RETURN true;
END $$;
