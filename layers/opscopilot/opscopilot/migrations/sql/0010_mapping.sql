-- What a person said about a file, and what changed since in the files of that source.

ALTER TABLE staging.data_connector_configs ADD COLUMN last_drift jsonb;
COMMENT ON COLUMN staging.data_connector_configs.last_drift IS
    'The last file whose headers were not those its mapping was confirmed for: when, file, job_id, added, removed.';

-- A connector that pulls has a configuration of its own; how the files are read that it brings stands beside it.
ALTER TABLE staging.data_connector_configs ADD COLUMN file_mappings jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN staging.data_connector_configs.file_mappings IS
    'Confirmed mappings for the files of a connector that pulls, as in the files of a file_drop''s config_json.';

-- The API keeps a confirmed mapping with the job that waits for it; nothing else of a job is its to change.
GRANT UPDATE (mapping, updated_at, row_version) ON staging.ingestion_jobs TO ops_copilot;
