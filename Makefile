# OpsCopilot: every command a newcomer or a maintainer needs. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PLANT  ?= sample
DATA   ?=
PORT   ?= 8000
# No telemetry, no look-ups of accounts: nothing here needs one.
export SAM_CLI_TELEMETRY := 0
export AWS_EC2_METADATA_DISABLED := true

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage up down check build bench bench-forecast bench-ingest bench-inventory bench-sensors bench-forecast-run bench-notify clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements.txt requirements-dev.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "OpsCopilot needs Python 3.11 or newer; found " + sys.version.split()[0] + ". Name one with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Installing packages into $(VENV) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt -r requirements-dev.txt -c constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

setup: $(VENV)/.installed ## Make the virtual environment (.venv)

demo: setup ## Run the whole product on a plant, end to end (PLANT=adventureworks DATA=<folder> for the real one)
	@$(BIN)/python -m local.demo --plant $(PLANT) $(if $(DATA),--data $(DATA)) --port $(PORT)

test: setup ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests

coverage: setup ## Run all tests and say which lines none of them reaches (takes half as long again)
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered -n 2 --dist loadfile tests

up: setup ## Start the one-machine stack at http://localhost:8000 (docs at /docs)
	@$(BIN)/ops up --port $(PORT)

down: setup ## Stop it
	@$(BIN)/ops down

check: setup ## Lint, types, import contracts, template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy layers/opscopilot/opscopilot local sample_data benchmarks
	PYTHONPATH=layers/opscopilot:. $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml
	AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_MAX_ATTEMPTS=1 AWS_DEFAULT_REGION=eu-west-1 $(BIN)/sam validate --lint

build: setup ## sam build: what a deployment would upload
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/sam build

bench-ingest: setup ## Time a dropped file beside psql and a plain Python load (15 minutes; ROWS=20000 for a try)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-bench.txt -c constraints.txt
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.ingest $(if $(ROWS),--rows $(ROWS))

bench-forecast: setup ## Forecasts beside statsforecast, same run (DATA=tidy Parquet file or folder, SERIES=n a group)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-bench.txt -c constraints.txt
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.forecast $(if $(DATA),--data "$(DATA)") $(if $(SERIES),--series $(SERIES))

bench-forecast-run: setup ## A whole run through the local state machine (SERIES=100000; KILL=1 pulls the plug half-way)
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.forecast_run $(if $(SERIES),--series $(SERIES)) $(if $(KILL),--kill)

bench-sensors: setup ## Sensor anomalies by the rule of the Numenta benchmark (DATA=its folder or archive)
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.sensors $(if $(DATA),--data "$(DATA)")

bench-inventory: setup ## The stock policy on demand it has not seen, beside the textbook's (DATA=tidy Parquet file or folder)
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.inventory $(if $(DATA),--data "$(DATA)")

bench-notify: setup ## Alerts through the queue consumer to receivers that fail, beside a bare loop (ALERTS=5000 for a try)
	@PYTHONPATH=layers/opscopilot:. $(BIN)/python -m benchmarks.notify $(if $(ALERTS),--alerts $(ALERTS))

bench: bench-forecast bench-inventory bench-sensors ## Run the benchmarks that need no more than a few minutes

clean: ## Remove the virtual environment, local state and build output
	rm -rf $(VENV) .local .aws-sam build
