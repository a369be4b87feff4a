-- The API gives uploads up: it may end a job that waits for its file, and nothing else of it.
GRANT UPDATE (status, error_code, error_summary, completed_at, updated_at, row_version)
    ON staging.ingestion_jobs TO ops_copilot;
