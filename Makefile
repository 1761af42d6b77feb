# Sets up everything by itself: a virtual environment in .venv, made with uv where it is installed, pip otherwise.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
DEMO := demo-images

# Hundreds of processes are started; without compiled modules each spends half its time on compiling them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types unit around label-studio security bench bench-compare processors release format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: pyproject.toml
ifdef UV
	uv venv --quiet --allow-existing --python $(PYTHON) .venv
	uv pip install --quiet --python $(BIN)/python --editable '.[dev]'
else
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
endif
	@touch $@

.venv/demo: pyproject.toml
	@echo "installing what the demo takes: customlabels with the local service; the tools of development stay away"
ifdef UV
	uv venv --quiet --allow-existing --python $(PYTHON) .venv
	uv pip install --python $(BIN)/python --editable '.[local]'
else
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "uv cannot be had: pip takes longer"
	if test -x $(BIN)/uv; \
	then $(BIN)/uv pip install --python $(BIN)/python --editable '.[local]'; \
	else $(BIN)/python -m pip install --disable-pip-version-check --editable '.[local]'; fi
endif
	@touch $@

demo: .venv/demo ## train a model on sample images, without an AWS account
	$(BIN)/customlabels sample $(DEMO)
	$(BIN)/customlabels --local train $(DEMO) --min-f1 0.8
	$(BIN)/customlabels --local versions list --project $(DEMO)
	$(BIN)/customlabels local stop

test: .venv/ready ## lint, strict types, tests, side by side
	@$(MAKE) --no-print-directory --jobs 3 lint types unit

lint: .venv/ready ## style and the directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/ready ## mypy, strict
	$(BIN)/mypy

# Files as they are collected, journeys first: by the number of their tests a file of few long ones would be left to the end.
BESIDE := --dist loadfile --no-loadscope-reorder

unit: .venv/ready ## the tests alone
	$(BIN)/pytest -q --numprocesses 4 $(BESIDE) -m 'not around'

around: .venv/ready ## the tests of what is around it: notebooks, every command of the docs, MLflow's server, a pipeline, long journeys
	$(BIN)/pytest -q --numprocesses 5 $(BESIDE) -m around

label-studio: .venv/ready ## reviews in a real Label Studio, in an environment of its own (a gigabyte)
	test -x .venv-label-studio/bin/label-studio || { $(PYTHON) -m venv .venv-label-studio && .venv-label-studio/bin/pip install --quiet 'label-studio==1.23.2'; }
	LABEL_STUDIO=$(CURDIR)/.venv-label-studio/bin/label-studio $(BIN)/pytest -q tests/e2e/test_label_studio.py

security: .venv/ready ## the stacks' templates under checkov's rules, in an environment of its own
	test -x .venv-checkov/bin/checkov || { $(PYTHON) -m venv .venv-checkov && .venv-checkov/bin/pip install --quiet checkov; }
	for stack in schedule inspection; do \
		$(BIN)/python benchmarks/template.py $$stack > .venv-checkov/$$stack.yaml || exit; \
		.venv-checkov/bin/checkov --file .venv-checkov/$$stack.yaml --framework cloudformation --compact --quiet --skip-download || exit; \
	done

.venv-peers/ready: benchmarks/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --requirement benchmarks/peers.txt
	@touch $@

BENCH = $(BIN)/python benchmarks/run.py $(ONLY) $(if $(PHOTOGRAPHS),--photographs $(PHOTOGRAPHS)) $(if $(SETS),--sets $(SETS))

bench: .venv/ready .venv-peers/ready ## all benchmarks, or ONLY="coco validate", and the table that the README quotes
	$(BENCH)

bench-compare: .venv/ready .venv-peers/ready ## what REV=... does beside what this does; ONLY as above
	$(BENCH) --against $(REV)

processors: .venv/ready ## whether trainings come to the same on other kinds of processor
	$(BIN)/python benchmarks/processors.py

release: ## what a release is held to: archive, wheel, pipx, each Python, newest and oldest dependencies
	test -x .venv-nox/bin/nox || { $(PYTHON) -m venv .venv-nox && .venv-nox/bin/pip install --quiet 'nox[uv]'; }
	.venv-nox/bin/nox

format: .venv/ready ## write the code in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove what the other targets made
	-$(BIN)/customlabels local stop 2>/dev/null
	rm -rf .venv .venv-checkov .venv-label-studio .venv-peers .venv-nox .bench .nox .customlabels $(DEMO) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	-git worktree prune
