// Patients and referrals as rows, for what counts many of them.
#ifndef PCN_TESTS_REFERRAL_REFERRALS_SQL_H
#define PCN_TESTS_REFERRAL_REFERRALS_SQL_H

// Two functions of SQL. person(number, practice, born, sex, registered from, to, synthetic) and refer(patient, referrer, performer, specialty,
// priority, state, submitted at, clock started on, stopped on) make one each, whose id they are. What is NULL is not there.
#define REFERRALS_SQL                                                                                                                      \
    "CREATE FUNCTION person(number integer, of_practice text, born date, of_sex text, from_on date, to_on date DEFAULT NULL, "             \
    "    made_up boolean DEFAULT false) RETURNS uuid LANGUAGE plpgsql AS $$ DECLARE made uuid := gen_random_uuid(); BEGIN "                \
    "INSERT INTO patient (id, nhs_number, name, birth_date, sex, practice, registered_from, synthetic, version, created_at, updated_at) "  \
    "    VALUES (made, lpad(number::text, 10, '0'), 'Somebody', born, of_sex, CASE WHEN to_on IS NULL THEN of_practice END, "              \
    "        CASE WHEN to_on IS NULL THEN from_on END, made_up, 1, now(), now()); "                                                        \
    "INSERT INTO registration (patient, number, practice, from_on, to_on, recorded_at) "                                                   \
    "    VALUES (made, 1, of_practice, from_on, to_on, now()); RETURN made; END $$; "                                                      \
    "CREATE FUNCTION refer(of_patient uuid, from_practice text, to_provider text, of_specialty text, of_priority text, in_state text, "    \
    "    at timestamptz, from_on date DEFAULT NULL, to_on date DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql AS $$ "                         \
    "DECLARE made uuid := gen_random_uuid(); BEGIN "                                                                                       \
    "INSERT INTO referral (referrer, id, reference, patient, specialty, priority, reason, performer, state, submitted_at, contact_by, "    \
    "        outcome, closed_on, synthetic, version, created_at, updated_at) "                                                             \
    "    SELECT from_practice, made, lpad(nextval('referral_number')::text, 12, '0'), of_patient, of_specialty, of_priority, "             \
    "        'Something', to_provider, in_state, at, at::date, CASE in_state WHEN 'completed' THEN 'treated' END, "                        \
    "        CASE WHEN in_state IN ('completed', 'rejected', 'redirected', 'cancelled') THEN to_on END, p.synthetic, 1, at, at "           \
    "    FROM patient p WHERE p.id = of_patient; "                                                                                         \
    "INSERT INTO referral_clock (referral, number, patient, started_on, stopped_on, stop) "                                                \
    "    SELECT made, 1, of_patient, from_on, to_on, CASE WHEN to_on IS NOT NULL THEN 'first-treatment' END "                              \
    "    WHERE from_on IS NOT NULL; RETURN made; END $$; "

#endif
