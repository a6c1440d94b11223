# The words of this project, the same by hand and in CI. `make help` lists them.
# Everything is installed into .venv and node_modules of this folder; nothing else is touched except Brownie's
# own ~/.brownie (scripts/setup_brownie.py says what and why).

PYTHON ?= python3
RUN := .venv/bin/
SOURCES = unwrapped_dao scripts tests $(wildcard examples benchmarks)
# Test processes; those of the contract tests have a Ganache each.
WORKERS ?= 2
PYTEST := $(RUN)python -m pytest
SDK_TESTS = tests/sdk $(wildcard tests/docs tests/web)
E2E_TESTS = tests/e2e tests/installed --deselect $(LIGHT)

# Contract tests whose answer depends on the fork: these run on Anvil too, at every `make test`.
FORKS = $(addprefix tests/contracts/,chain_probe BN254 Cover KeyCommittee/test_is_delivery.py DataMarket/test_deliver.py)

# In an environment of its own besides; `make installed` runs it.
LIGHT = tests/installed/test_installed.py::test_the_light_base_reads_encrypts_and_names_and_says_what_else_it_needs

.PHONY: help kill-matrix setup setup-check setup-dev demo check test lint types layers sdk long stateful slither symbolic compile contracts forks \
  contracts-anvil installed sdk-web3-8 e2e artifacts gas bench bench-validation bench-dp fuzz kubo docs pin clean

help: ## show these words
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with what the demo needs (Python only)
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not installed"; \
	  echo "hint: on Debian or Ubuntu: sudo apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) scripts/environment.py demo

setup-check: setup
	@$(PYTHON) scripts/environment.py check

setup-dev: setup ## install everything: linters, Brownie, solc, Ganache, Anvil (needs Node)
	@$(PYTHON) scripts/environment.py contracts

demo: setup ## the whole life of one sale, on the embedded chain; RPC=URL and IPFS=URL use running nodes
	@timeout --foreground 900 $(RUN)unwrapped-dao demo $(if $(RPC),--rpc $(RPC)) $(if $(IPFS),--ipfs $(IPFS))

lint: setup-check ## ruff: errors and formatting
	@echo "-- lint"; timeout 120 $(RUN)ruff check $(SOURCES)
	@timeout 120 $(RUN)ruff format --check $(SOURCES)

types: setup-check ## mypy --strict over the package
	@echo "-- types"; timeout 300 $(RUN)mypy

layers: setup-check ## import-linter: floors and who may import what
	@echo "-- layers"; timeout 120 $(RUN)lint-imports --no-logo

sdk: setup-check ## SDK and documentation tests, Python only
	@echo "-- SDK tests"; mkdir -p reports
	@timeout 900 $(PYTEST) -q -n $(WORKERS) --dist loadgroup -m "not long" $(SDK_TESTS) --junitxml reports/sdk.xml

long: setup-dev ## what takes longer than `make test` may: whole lives, kills, captured governors, programs of many processes
	@echo "-- long tests"; mkdir -p reports; rm -f reports/long*.xml; started=$$(date +%s); \
	timeout 2400 $(PYTEST) -q -n $(WORKERS) --dist loadgroup -m long $(SDK_TESTS) --junitxml reports/long.xml; sdk=$$?; \
	timeout 2400 $(PYTEST) -q -n $(WORKERS) --dist loadfile -m long $(E2E_TESTS) --junitxml reports/long-e2e.xml; e2e=$$?; \
	$(RUN)python scripts/summary.py $$started long long-e2e; [ $$sdk = 0 ] && [ $$e2e = 0 ]

check: setup-check ## what needs Python only: lint, types, layers, SDK tests, the demo (under 150 seconds)
	@$(MAKE) --no-print-directory -j 4 lint types layers sdk
	@$(MAKE) --no-print-directory demo

stateful: setup-check ## random lives of a whole collective and of its committee, longer than in `make test`: SEEDS=1000-1099 STEPS=300
	@timeout 14400 env STATEFUL_SEEDS=$(or $(SEEDS),1000-1099) STATEFUL_STEPS=$(or $(STEPS),300) \
	  $(PYTEST) -q -n $(WORKERS) tests/sdk/stateful

slither: setup-dev ## static analysis of the contracts, compared with contracts/slither.toml
	@timeout 1200 $(RUN)python scripts/slither.py

symbolic: setup-dev ## show by symbolic execution what holds for every value: the cover, packed lanes
	@timeout 2400 $(RUN)python scripts/symbolic.py

# Two compilations at once, since Brownie's uses one core: its artifacts hold metadata, those of the package do not.
compile: setup-dev
	@echo "-- compile"; timeout 1200 $(RUN)brownie compile & brownie=$$!; \
	  timeout 1200 $(RUN)python scripts/compile.py --check; artifacts=$$?; wait $$brownie && exit $$artifacts

contracts: compile ## compile, compare artifacts, contract tests by Brownie on Ganache
	@echo "-- contracts"; mkdir -p reports
	@timeout 2400 $(RUN)brownie test -n $(WORKERS) --junitxml reports/contracts.xml

forks: compile ## on Anvil, the contract tests whose answer depends on the fork
	@echo "-- contracts on Anvil"; mkdir -p reports
	@timeout 1200 $(RUN)brownie test $(FORKS) -n $(WORKERS) --network unwrapped-anvil --junitxml reports/forks.xml

contracts-anvil: compile ## all contract tests on Anvil, under its newest fork
	@mkdir -p reports
	@timeout 2400 $(RUN)brownie test -n $(WORKERS) --network unwrapped-anvil --junitxml reports/contracts-anvil.xml

installed: setup-check ## the built wheel in empty environments: Python 3.11, 3.12 and 3.13 where they are, newest web3
	@UNWRAPPED_PYTHONS=all timeout 3600 $(PYTEST) -q tests/installed

sdk-web3-8: setup-check ## all SDK tests with web3 8, in an environment of its own
	@$(PYTHON) scripts/environment.py web3-8
	@mkdir -p reports; timeout 3600 .venv-web3-8/bin/python -m pytest -q -n $(WORKERS) --dist loadgroup tests/sdk tests/e2e/test_chain_nodes.py --junitxml reports/web3-8.xml

e2e: setup-dev ## the whole path on nodes that the tests start themselves
	@if command -v ipfs >/dev/null || command -v go >/dev/null; then $(MAKE) --no-print-directory kubo; \
	  else echo "neither ipfs nor go is on PATH: the tests on Kubo are skipped"; fi
	@echo "-- end to end"; mkdir -p reports
	@timeout 1800 $(PYTEST) -q -n $(WORKERS) --dist loadfile -m "not long" $(E2E_TESTS) --junitxml reports/e2e.xml

test: setup-dev ## check, contract tests, end to end on Ganache, Anvil, Kubo, gas; installs what it needs
	@rm -rf reports/*.xml; started=$$(date +%s); \
	$(MAKE) --no-print-directory check && $(MAKE) --no-print-directory contracts forks && \
	  $(MAKE) --no-print-directory e2e && $(MAKE) --no-print-directory gas; \
	code=$$?; $(RUN)python scripts/summary.py $$started sdk contracts forks e2e; exit $$code

artifacts: setup-dev ## compile the contracts and write the artifacts that ship inside the package
	@timeout 1200 $(RUN)python scripts/compile.py

kubo: setup-check ## obtain a Kubo daemon for the storage tests: `ipfs` on PATH, else built from its Go module
	@timeout 1800 $(RUN)python scripts/kubo.py build

gas: setup-dev ## measure gas on both chains, compare with benchmarks/gas.json; UPDATE=1 writes it, ONLY=sale a part
	@echo "-- gas"; timeout 1200 $(RUN)python benchmarks/gas.py $(if $(UPDATE),--update) $(if $(ONLY),--only $(ONLY))

bench: setup-dev ## measure speed and write the figures beside each benchmark; ONLY=music_import a part of speed.py
	@timeout 3000 $(RUN)python benchmarks/speed.py --update $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),true,timeout 900 $(RUN)python benchmarks/contribute.py && timeout 1800 $(RUN)python benchmarks/receive.py)

bench-validation: setup-check ## measure how well validators tell forged histories, and write benchmarks/validation.*
	@timeout 3600 $(RUN)python benchmarks/validation.py

bench-dp: setup-check ## what a buyer learns from randomised rows, and whether the committed figures come out again
	@timeout 600 $(RUN)python benchmarks/dp_accuracy.py $(if $(UPDATE),--update)

kill-matrix: setup-check ## kill every command at every step, and twenty random lives; writes benchmarks/kill-matrix.json
	@timeout 14400 $(RUN)python -m tests.kills.report --workers $(WORKERS)

fuzz: setup-check ## coverage-guided fuzzing of every source, SECONDS=20 each; what breaks a promise is kept as a test
	@$(RUN)python -m pip --disable-pip-version-check install -q --group fuzz
	@timeout 7200 $(RUN)python -m tests.fuzz.run --seconds $(or $(SECONDS),20) $(if $(KEEP),--keep) $(TARGETS)

docs: setup-check ## run the documentation's code blocks and commands
	@timeout 900 $(PYTEST) -q tests/docs

pin: setup-dev ## write constraints.txt from what is installed
	@$(RUN)python scripts/pin.py

clean: ## remove everything that is generated, environments included
	rm -rf .venv .venv.lock .venv-web3-8 node_modules build dist reports .tools demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
