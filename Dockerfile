# doccheck from a release, with what pages are run by: bash, curl, Python 3.11 and Node 22.
#
#   docker build --tag doccheck \
#     --build-arg REPOSITORY=OWNER/doccheck --build-arg VERSION=0.1.0 --build-arg SHA256=… .
#   docker run --rm --volume "$PWD:/work" doccheck run docs
#
# SHA256 is that of the archive for the image's platform, from the release's SHA256SUMS.
FROM node:22-bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends bash ca-certificates curl git python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    # The mounted repository belongs to somebody else; `--changed-since` asks git about it all the same.
    && git config --system --add safe.directory /work

ARG REPOSITORY
ARG VERSION
ARG SHA256
ARG TARGETARCH=amd64
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) target=x86_64-unknown-linux-musl ;; \
      arm64) target=aarch64-unknown-linux-musl ;; \
      *) echo "there is no release for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    cd /tmp; \
    curl --fail --silent --show-error --location --output doccheck.tar.gz \
      "https://github.com/$REPOSITORY/releases/download/v$VERSION/doccheck-$VERSION-$target.tar.gz"; \
    echo "$SHA256  doccheck.tar.gz" | sha256sum --check; \
    tar -xzf doccheck.tar.gz -C /usr/local/bin ./doccheck; \
    rm doccheck.tar.gz; \
    doccheck --version

# The image's own user; nothing here needs root.
USER node
WORKDIR /work
ENTRYPOINT ["doccheck"]
CMD ["run"]
