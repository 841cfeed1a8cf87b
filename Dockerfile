# Pin the digest where images are built for production:
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:... .
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
# What is installed: base, msk for AWS MSK IAM, or zookeeper for groups that commit there. Each is a file in
# constraints/: the tested versions, with hashes.
ARG EXTRA="base"
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# Without pip of its own the environment holds only what runs.
RUN python -m venv --without-pip /opt/kafka-burrow-exporter && python -m venv /opt/build
COPY constraints constraints
RUN python -m pip --python /opt/kafka-burrow-exporter/bin/python install --no-cache-dir --only-binary=:all: \
        --require-hashes --requirement "constraints/${EXTRA}.txt" \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement constraints/build.txt
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY exporter exporter
# What the command `assets` writes.
COPY alerts alerts
COPY dashboards dashboards
COPY deploy deploy
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/kafka-burrow-exporter/bin/python install --no-cache-dir --no-deps --no-index \
        /wheels/*.whl

FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="kafka-burrow-exporter" \
      org.opencontainers.image.description="A Prometheus exporter that judges Kafka consumer groups by Burrow's rules" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/kafka-burrow-exporter /opt/kafka-burrow-exporter
ENV PATH=/opt/kafka-burrow-exporter/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONFAULTHANDLER=1 \
    PYTHONUNBUFFERED=1
# By number: Kubernetes' runAsNonRoot cannot judge a name.
USER 65532:65532
WORKDIR /
EXPOSE 8000
# It takes the flags from the exporter itself, so it follows its port, and TLS on it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 \
    CMD ["kafka-burrow-exporter", "healthcheck", "--of-pid", "1"]
ENTRYPOINT ["kafka-burrow-exporter"]
