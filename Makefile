# Everything here sets itself up: Python 3.11 or newer and make are all that a machine needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BUILD  := build
TOOLS  := $(BUILD)/tools
UV     := $(TOOLS)/bin/uv
VENV   := $(BUILD)/venv
SAM    := SAM_CLI_TELEMETRY=0 $(BUILD)/sam/bin/sam
MINISTACK := $(BUILD)/ministack/bin/python
RUN    := $(VENV)/bin
# Keep compiled modules, whatever the shell says: compiling them anew is half of each start of the tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## Show what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments: one for the project, one each for the tools that pin their own libraries
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt

define environment
	@echo "setting up $(1)"
	@test -x $(1)/bin/python || $(UV) venv -q --python $(PYTHON) $(1)
	@$(UV) pip sync -q --require-hashes --python $(1)/bin/python $(2)
endef

$(VENV)/.done: requirements/dev.txt pyproject.toml | $(UV)
	$(call environment,$(VENV),requirements/dev.txt)
	@$(UV) pip install -q --no-deps --no-build-isolation --offline --python $(VENV)/bin/python -e .
	@touch $@
$(BUILD)/sam/.done: requirements/sam.txt | $(UV)
	$(call environment,$(BUILD)/sam,requirements/sam.txt)
	@touch $@
$(BUILD)/ministack/.done: requirements/ministack.txt | $(UV)
	$(call environment,$(BUILD)/ministack,requirements/ministack.txt)
	@touch $@

$(BUILD)/compiler/.done: requirements/compiler.txt | $(UV)
	$(call environment,$(BUILD)/compiler,requirements/compiler.txt)
	@touch $@
# What the layer holds beside the package. Kept, so that a build needs no network once this is there.
$(BUILD)/layer/.done: requirements/layer.txt | $(UV)
	@rm -rf $(BUILD)/layer
	@$(UV) pip install -q --require-hashes --no-deps --only-binary :all: --link-mode copy \
	    --python $(TOOLS)/bin/python --target $(BUILD)/layer -r requirements/layer.txt
	@rm -rf $(BUILD)/layer/bin $(BUILD)/layer/.lock
	@touch $@

.PHONY: setup
setup: $(VENV)/.done $(BUILD)/compiler/.done $(BUILD)/layer/.done $(BUILD)/sam/.done $(BUILD)/ministack/.done ## Install the pinned tools into build/

.PHONY: demo
demo: setup ## Watch the deployed application move routes when a line is cut and an instance hangs
	@$(RUN)/python -m lab.demo

# --- the simulator
SCENARIO ?= list
SECONDS  := 60
FIRST    := 0

.PHONY: simulate
simulate: $(VENV)/.done ## Play a scenario in virtual time, or a seed that a hunt printed (SCENARIO=cut; without: a list)
	@$(RUN)/python -m lab.simulator simulate $(SCENARIO)

.PHONY: hunt
hunt: $(VENV)/.done ## Play random worlds on every core until a law is broken (SECONDS=60; from seed FIRST=0 on)
	@$(RUN)/python -m lab.simulator hunt --seconds $(SECONDS) --first $(FIRST)

PART := 1/1

.PHONY: every-failure
every-failure: $(VENV)/.done ## Play short stories again for each call that is made in them and each way it can fail (PART=1/4)
	@$(RUN)/python -m lab.simulator every --part $(PART)

.PHONY: digests
digests: $(VENV)/.done ## Print the digests of 52 simulated worlds, to be compared before and after a change
	@$(RUN)/python -m lab.simulator digests

.PHONY: prove-hunter
prove-hunter: $(VENV)/.done ## Put bugs in on purpose, and see how soon the hunter finds each
	@$(RUN)/python -m lab.simulator prove

# --- checks
.PHONY: lint
lint: $(VENV)/.done $(BUILD)/sam/.done ## Check style, types, layers and the template
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/cfn-lint
	$(SAM) validate --lint --region eu-central-1

.PHONY: format
format: $(VENV)/.done ## Put the sources in shape
	$(RUN)/ruff check --fix-only .
	$(RUN)/ruff format .

FAST := tests/unit tests/cli tests/template tests/docs
SPREAD := $(RUN)/pytest -n 2 --dist worksteal

.PHONY: test-unit
test-unit: $(VENV)/.done ## Run the fast tests: no network, no local AWS, fewer examples
	$(SPREAD) --hypothesis-profile quick -m "not network and not local_aws and not long" $(FAST)

.PHONY: test
test: setup ## Run every test but the long ones, the stories on the deployed application included
	@$(RUN)/python -m lab.host true || echo "the tests that need the laboratory's network will be skipped"
	$(RUN)/pytest -n 2 --dist loadfile -m "not network and not long"
	$(RUN)/pytest -m "network and not long"
	@$(if $(filter test-all,$(MAKECMDGOALS)),,echo "left out: the tests marked long, which make test-all runs too")

.PHONY: test-all
test-all: test ## ... and the long ones, which rarely tell news
	$(SPREAD) -m "long and not network"
	$(RUN)/pytest -m "long and network"

.PHONY: coverage
coverage: $(VENV)/.done ## Run the fast tests and show what they do not reach
	$(RUN)/pytest -q -m "not network and not local_aws and not long" --cov --cov-report=term $(FAST)

.PHONY: build
build: $(BUILD)/sam/.done $(BUILD)/compiler/.done ## Package the application as `sam deploy` takes it
	$(SAM) build

# --- measurements: each part writes build/bench/NAME.json and a picture
BENCHES := blackout unwatched probing start routes cost decisions
bench-blackout: BENCH_ARGUMENTS = $(if $(RUNS),--runs $(RUNS)) $(if $(SCENARIOS),--only $(SCENARIOS)) $(if $(ADD),--add)

.PHONY: bench
bench: $(BENCHES:%=bench-%) ## Measure everything, about an hour; one part: make bench-blackout (RUNS=5 SCENARIOS=cut,hung)
.PHONY: $(BENCHES:%=bench-%)
$(BENCHES:%=bench-%): bench-%: setup
	@$(RUN)/python -m bench.$* $(BENCH_ARGUMENTS)

.PHONY: bench-publish
bench-publish: $(VENV)/.done ## Put what was measured into docs/benchmarks.md and docs/bench/
	@$(RUN)/python -m bench.publish

# --- upkeep
# Why: docs/decisions/pinned-dependencies.md
.PHONY: lock
lock: | $(UV) ## Pin the newest versions of every dependency, with hashes
	@lock() { $(UV) pip compile -q --universal --upgrade --python-version 3.11 --generate-hashes --no-header "$${@:2}" -o requirements/$$1.txt; }; \
	lock dev --extra plot --group dev pyproject.toml; \
	lock layer --group layer; lock compiler --group compiler; \
	lock sam --group sam; lock ministack --group ministack; lock uv --group uv

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(BUILD) .aws-sam
