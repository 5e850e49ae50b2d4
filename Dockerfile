# One image for portal and worker. Build: docker build -t filcommun .
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.lock requirements/run.lock
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE hatch_build.py sources.yaml ./
COPY aggregator aggregator
COPY web web
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 filcommun && mkdir /data && chown filcommun /data
COPY --from=build /app /app
COPY --chown=filcommun sources.yaml /data/sources.yaml
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FILCOMMUN_HOST=0.0.0.0 \
    FILCOMMUN_DATABASE_URL=sqlite:////data/filcommun.db \
    FILCOMMUN_INDEX_URL=whoosh:/data/indexes \
    FILCOMMUN_SECRET_FILE=/data/secret-key \
    FILCOMMUN_SOURCES_FILE=/data/sources.yaml \
    FILCOMMUN_MEDIA_FOLDER=/data/media
USER filcommun
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('FILCOMMUN_PORT', '8000') + '/healthz', timeout=4)"]
CMD ["filcommun", "run"]
