"""What benchmarks/ingest.py compares: our pipeline, psql, and a plain Python load."""
