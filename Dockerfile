# netverify as an image. Z3 is built from source and linked in, so the binary needs nothing of the image that it runs in.
#
#   docker build --tag netverify .                    nothing but the binary, for Jobs
#   docker build --tag netverify --target shell .     with a shell, for GitLab CI and Tekton
#   helm template chart | docker run --rm --interactive --volume "$PWD:/work" netverify prove -m - netverify.toml
#
# The feature `vendored-z3` needs CMake 3.26 or newer, a C++ compiler that knows <format> (GCC 13 or newer), and Python 3 with its whole standard
# library: Debian 13 has them, Debian 12 has neither of the first two. Z3's own source comes as a crate (z3-src): nothing is fetched but crates.
# Building Z3 takes a while.

FROM rust:1-trixie AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends cmake g++ python3 \
 && rm -rf /var/lib/apt/lists/*
# `crt-static` links the C and C++ libraries in as well. The target is named so that build scripts stay as they are.
ENV RUSTFLAGS="-C target-feature=+crt-static"
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs ./
COPY benches benches
COPY src src
RUN target="$(rustc --print host-tuple)" \
 && cargo build --release --locked --features vendored-z3 --target "$target" \
 && mkdir /out \
 && cp "target/$target/release/netverify" /out/netverify \
 && /out/netverify --version

FROM debian:trixie-slim AS shell
COPY --from=build /out/netverify /usr/local/bin/netverify
WORKDIR /work
USER 65532:65532
CMD ["netverify", "--help"]

FROM scratch
COPY --from=build /out/netverify /netverify
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/netverify"]
CMD ["--help"]
