# One image for every process: compose (or another scheduler) names the command.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 PYTHONDONTWRITEBYTECODE=1
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --no-cache
COPY . .
# The settings want these names; collecting static files connects to nothing.
RUN SECRET_KEY=build-only-0123456789-abcdefghij-klm FIELD_KEYS=k1:Y2hlY2stY2hlY2stY2hlY2stY2hlY2stY2hlY2stY2g= \
    DATABASE_URL=postgres://build@localhost/build REDIS_URL=redis://localhost \
    .venv/bin/python manage.py collectstatic --noinput

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin balcao
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Customers' files: a volume is made with this folder's owner.
RUN install -d -o balcao -m 0700 /media
USER balcao
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--blocking-threads", "16", "config.wsgi:application"]
