# --- Packages: everything pip needs stays behind in this stage --------------------------------------------------
FROM python:3.13-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes --requirement /tmp/requirements.txt \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib

# --- The service ------------------------------------------------------------------------------------------------
FROM python:3.13-slim AS service
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN groupadd --system --gid 10001 live \
    && useradd --system --uid 10001 --gid live --home-dir /app --shell /usr/sbin/nologin live
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Static files are collected here, so the root file system can be read-only. var/ is a volume: journal, media and,
# where nothing else is configured, the database.
RUN python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q . \
    && rm -rf var \
    && install -d -o live -g live -m 0750 var
USER 10001:10001
VOLUME /app/var
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
