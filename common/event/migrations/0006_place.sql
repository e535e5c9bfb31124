-- Who reads how far the log has come counts what is not numbered yet.
GRANT SELECT (position) ON event_queue TO :app;
