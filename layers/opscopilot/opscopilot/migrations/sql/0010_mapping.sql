-- What a person said about a file, and what changed since in the files of that source.

ALTER TABLE staging.data_connector_configs ADD COLUMN last_drift jsonb;
COMMENT ON COLUMN staging.data_connector_configs.last_drift IS
    'The last file whose headers were not those its mapping was confirmed for: when, file, job_id, added, removed.';

-- The API keeps a confirmed mapping with the job that waits for it; nothing else of a job is its to change.
GRANT UPDATE (mapping, updated_at, row_version) ON staging.ingestion_jobs TO ops_copilot;
