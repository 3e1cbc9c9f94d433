# The habits of this project. `just` lists them; `scripts/just RECIPE` works on a machine that has no just yet.

set shell := ["bash", "-euo", "pipefail", "-c"]

# The runtime that the recipes use: the release build, or another one by its path.
export OCIRUNTIME := env("OCIRUNTIME", `scripts/artifact ociruntime`)

# List the recipes.
_list:
    @just --list --unsorted

# Install the packages that a task needs: build, demo, test, bench.
setup *tasks="build demo test bench":
    @scripts/setup {{ tasks }}

# Build the runtime: one static binary.
build: (setup "build")
    cargo build --release --target "$(scripts/triple)"

# Make the root file system that the bundles in oci-bundles share.
rootfs: (setup "demo")
    @scripts/rootfs oci-bundles/rootfs

# Run real containers and show what isolates them.
demo: build rootfs
    @scripts/demo

# Everything that runs on the host alone, in about seven minutes: check, conformance, rootless.
test: (setup "build" "test") check conformance rootless

# All lanes, one after another, with a summary; a lane that cannot run here says why.
test-all:
    @scripts/lanes check conformance rootless shellcheck demo test-install test-engines test-vm

# Formatting, lints and unit tests.
check: (setup "build" "test") && unit
    cargo fmt --all -- --check
    cargo clippy --workspace --all-targets -- -D warnings

# Unit and golden tests of all crates; they need no root.
unit *args:
    cargo test --workspace --quiet {{ args }}

# Black-box cases against the runtime, and against Debian's runc as a check of the cases.
conformance *args: (setup "test") build
    cargo run --quiet --package integration-tests -- \
        --runtime "$OCIRUNTIME" --reference "$(command -v runc)" {{ args }}

# The same cases as an ordinary user, who is made up for each of them.
rootless *args: (setup "test") build
    cargo run --quiet --package integration-tests -- --runtime "$OCIRUNTIME" --as-user {{ args }}

# Fuzz one target, or each in turn, for some seconds; needs a nightly toolchain.
fuzz target="all" seconds="60":
    @scripts/fuzz {{ target }} {{ seconds }}

# The cases in an emulated machine with what this host lacks: systemd, cgroup v2, AppArmor. About ten minutes.
test-vm *runs: (setup "vm") build
    cargo build --release --quiet --package integration-tests
    @scripts/test-vm {{ runs }}

# Run a shell command in the emulated machine, with the release build: `just vm --mode v1 -- 'ociruntime --version'`.
[positional-arguments]
vm *args: (setup "vm")
    @scripts/vm "$@"

# containerd, CRI, Docker and Podman drive the runtime, and Debian's runc beside it.
test-engines *args: (setup "engines") build
    cargo run --quiet --package integration-tests -- engines \
        --runtime "$OCIRUNTIME" --reference /usr/sbin/runc {{ args }}

# Lint the shell scripts.
shellcheck: (setup "shellcheck")
    shellcheck scripts/* .ci/run bench/run bench/prepare oci-bundles/*/*.sh

# Measure the runtime beside runc and crun.
bench *args: (setup "build" "bench") build
    @bench/run {{ args }}

# Install the runtime, manual pages, completions and Podman's settings; PREFIX, SYSCONFDIR and DESTDIR are heeded.
install: build
    @scripts/install

# Remove what `install` has put in place.
uninstall:
    @scripts/install --remove

# Install into a directory of its own: every flag is in the manual pages and in the completions.
test-install: build
    @scripts/test-install

# Remove what was built, fetched and measured.
clean:
    cargo clean
    rm -rf .cache oci-bundles/rootfs
