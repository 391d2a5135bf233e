# Every command that a person needs. `make help` lists them; README.md tells the tour.

SHELL       := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS   += --no-print-directory

# What a person may say: make plan ENV=production ACCOUNT=emulated ...
export ENV ACCOUNT YES CONFIRM ENTRY PORT LOCK PULL_REQUEST BASE HEAD COMMIT KEEP DRILLS STEP FROM TO REASON SERVICE IMAGE DAYS

# Each command would compile the tooling and boto3 anew, which takes a second of its two.
unexport PYTHONDONTWRITEBYTECODE

# A distribution's Python is built with optimisation, pyenv's is not: there everything takes half as long again.
PYTHON ?= $(shell for python in /usr/bin/python3.11 python3.11 python3.12 python3.13 python3 ; do \
  $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break ; done)
INFRA  := .venv/bin/infra
PYTEST := .venv/bin/pytest

##@ A day's work

.PHONY: plan
plan: .venv/ready ## Plan an environment, save the plan, review and judge it: make plan ENV=production; DESTROY=1 plans its end
	@$(INFRA) plan $(if $(filter no,$(LOCK)),--no-lock) $(if $(filter 1,$(DESTROY)),--destroy)

.PHONY: apply
apply: .venv/ready ## Apply exactly the saved plan (of ENV, or of the environment planned last)
	@$(INFRA) apply

.PHONY: review gate approve
review: .venv/ready ## Review and judge the saved plan: what it changes, and what follows from it
	@$(INFRA) review
gate: .venv/ready ## Say whether the saved plan may be applied: 0 allowed, 3 waits, 1 forbidden or not judged
	@$(INFRA) gate
approve: .venv/ready ## Approve the saved plan with your AWS credentials (after `make plan` of the same commit)
	@$(INFRA) approve

.PHONY: history
history: .venv/ready ## Show what was done to ENV: JSON=1 for machines, VERIFY=1 proves it, ALL=1 from the beginning
	@$(INFRA) history $(if $(JSON),--json) $(if $(VERIFY),--verify) $(if $(ALL),--all)

.PHONY: deploy promote
deploy: .venv/ready ## Run another image: make deploy ENV=staging SERVICE=gateway IMAGE=<tag or digest> (without IMAGE: built here and pushed)
	@$(INFRA) deploy
promote: .venv/ready ## Run in TO what was verified in FROM: make promote FROM=staging TO=production
	@$(INFRA) promote

.PHONY: rollback
rollback: .venv/ready ## Bring back what ran before (or TO=<entry of make history>): REASON='...' where it cannot wait
	@$(INFRA) rollback

.PHONY: drift
drift: .venv/ready ## Find what no plan of ENV shows: changes and strangers, versions, deadlines (DAYS=30); infra drift ends with 0, 2 drift, 1 unknown
	@$(INFRA) drift

.PHONY: adopt
adopt: .venv/ready ## Write import blocks for what ENV's configuration would make a second time; after the apply, remove them
	@$(INFRA) adopt

.PHONY: preflight demo
preflight: .venv/ready ## Apply ENV to an emulated account, start it as applied, use it as clients do: DRILLS=1 (or names) lets faults happen, KEEP=1 leaves it running
	@$(INFRA) preflight
demo: .venv/ready ## Start the platform on this machine, to be used by hand (development unless ENV says otherwise)
	@$(INFRA) demo

.PHONY: verify
verify: .venv/ready ## Use a live ENV as its clients do, with the key in VERIFY_API_KEY: STEP=name,name for some steps, LIST=1 names them
	@$(INFRA) verify $(if $(LIST),--list)

.PHONY: destroy
destroy: .venv/ready ## Destroy an environment (CONFIRM=destroy-<env> for a protected one); on AWS after an approved plan of it
	@$(INFRA) destroy

.PHONY: fmt
fmt: .venv/ready ## Format Terraform and Python
	@$(INFRA) fmt
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format --quiet .

.PHONY: lint
lint: .venv/ready ## Check format, types, Terraform and generated documents
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet . || { echo 'ERROR The files above are not formatted: run `make fmt`.'; exit 1; }
	@.venv/bin/mypy
	@$(INFRA) fmt --check
	@$(INFRA) docs --check
	@$(INFRA) tflint

# Four at a time, also on two processors: for half of the time a test waits, for the provider or for a server.
PYTEST_ALL := $(PYTEST) -n 4 --dist worksteal --durations 15 --durations-min 30
.PHONY: test test-long
test: .venv/ready ## Test modules, environments, routing, lifecycle, services, preflight, release, bad input
	@$(PYTEST_ALL) -m 'not long' tests
test-long: .venv/ready ## Test the rest: wrong edits, every mistake that preflight must catch, drills, campaigns; TESTS=folder for some
	@$(PYTEST_ALL) -m long $(or $(TESTS),tests)

.PHONY: scan
scan: .venv/ready ## Judge configuration and saved plans: checkov, own policies, IAM
	@$(INFRA) scan

.PHONY: docs
docs: .venv/ready ## Generate from code and saved plans: modules' READMEs, permissions, architecture, cost, API
	@$(INFRA) docs

.PHONY: doctor
doctor: .venv/ready ## Say what was found on this machine and what is missing
	@$(INFRA) doctor

##@ Seldom

.PHONY: bootstrap
bootstrap: .venv/ready ## Make the state bucket, image repositories and delivery roles of an AWS account, once
	@$(INFRA) bootstrap

.PHONY: account-up account-down account-status
account-up: .venv/ready ## Start the emulated AWS account of an environment (plan does it when needed)
	@$(INFRA) account up
account-down: .venv/ready ## Stop it; what it held is gone
	@$(INFRA) account down
account-status: .venv/ready ## Say which emulated accounts run
	@$(INFRA) account status

.PHONY: unlock
unlock: .venv/ready ## Free the state lock of a run that died: make unlock ENV=staging ID=...
	@$(INFRA) unlock "$(ID)"

.PHONY: recover
recover: .venv/ready ## Find out what an interrupted apply or destroy did, and close its entry in the ledger
	@$(INFRA) recover

.PHONY: bench
bench: .venv/ready ## Measure: plan time against bare Terraform, the review, the gateway against nginx, artifacts through both lanes
	@.venv/bin/python bench/plan_time.py
	@.venv/bin/python bench/review.py
	@.venv/bin/python bench/gateway.py
	@.venv/bin/python bench/artifacts.py
	@.venv/bin/python bench/preflight.py

.PHONY: lock
lock: .venv/ready ## Resolve requirements/*.lock anew from pyproject.toml
	@$(INFRA) lock-requirements

.PHONY: clean
clean: ## Stop emulated accounts and remove everything that was made while working
	@if [ -x $(INFRA) ]; then $(INFRA) account down --all; fi
	@rm -rf build .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

##@ In workflows

.PHONY: touched environments seal-plan comment deliver drift-issue plan-key
touched: .venv/ready ## List the environments that a change from BASE to HEAD touches
	@$(INFRA) delivery touched
environments: .venv/ready ## List all environments
	@$(INFRA) delivery environments
seal-plan: .venv/ready ## Encrypt the saved plan for the job that applies it
	@$(INFRA) delivery seal
comment: .venv/ready ## Write the review into the comment on PULL_REQUEST
	@$(INFRA) delivery comment
deliver: .venv/ready ## Apply the approved plan of the pull request that made COMMIT out of BASE
	@$(INFRA) delivery apply
drift-issue: .venv/ready ## Open, update or close the one issue that tells the drift of ENV (after `make drift`)
	@$(INFRA) drift-issue
plan-key: .venv/ready ## Make the key that plans of ENV are sealed with; prints the secret PLAN_KEY
	@$(INFRA) delivery key

.PHONY: help
help: ## List these commands
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The tooling, exactly as locked; uv (from its own lock) installs it. The mark is written last: an interrupted installation
# is done again.
.venv/ready: requirements/installer.lock requirements/tooling.lock pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo 'ERROR Python 3.11 or newer is needed, with venv (Debian: python3-venv); install it, or say make PYTHON=/path/to/python3.' >&2; exit 1; }
	@echo 'Installing the tooling into .venv (once) ...' >&2
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.lock
	@index=$${PIP_INDEX_URL:-$$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}; \
	  install="env UV_SYSTEM_CERTS=1 .venv/bin/uv pip install --quiet --python .venv/bin/python $${index:+--default-index $$index}"; \
	  $$install --require-hashes --requirement requirements/tooling.lock && \
	  $$install --no-deps --no-build-isolation --editable .
	@touch .venv/ready
