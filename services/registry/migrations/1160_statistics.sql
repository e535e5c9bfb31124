-- Analyzed once half as many have come, not a tenth: see 0009_statistics.sql. An import that brings a country is still followed at once.
ALTER TABLE organisation SET (autovacuum_analyze_scale_factor = 0.5);
