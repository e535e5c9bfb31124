-- Tables of the rival's bookings, with the checks, keys and indexes of referral's. Slots, plans and patients are referral's own: both sides book in
-- the same ten million. After ../schema.sql, which has the rest.
SET search_path = bench_rival;
CREATE TABLE appointment (LIKE referral.appointment INCLUDING ALL);
CREATE TABLE appointment_slot (LIKE referral.appointment_slot INCLUDING ALL);
CREATE TABLE patient_grant (LIKE referral.patient_grant INCLUDING ALL);
-- Where is booked, and what pgbench books: each once.
CREATE TABLE place (number integer PRIMARY KEY, practice text NOT NULL, network text NOT NULL);
CREATE TABLE errand (number integer PRIMARY KEY, network text NOT NULL, patient uuid NOT NULL, slot uuid NOT NULL);
