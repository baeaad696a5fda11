"""The webhook view that one would write first, as a baseline: stock Django, one row by the ORM.

It verifies and is durable, so that it is compared for what it costs and not for what it omits.
`python -m benchmarks.naive` makes its table; it serves as ASGI (`asgi`) and as WSGI (`wsgi`).
"""

import hashlib
import hmac
import os

import django
import environ
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": environ.Env().db("DATABASE_URL")},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[  # what `startproject` writes
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)
settings.DATABASES["default"]["CONN_MAX_AGE"] = int(os.environ.get("NAIVE_CONN_MAX_AGE", "0"))
django.setup()

from django.core.handlers.asgi import ASGIHandler  # noqa: E402 - after the settings
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

SECRET = os.environ["NAIVE_SECRET"].encode()


class Event(models.Model):
    body = models.BinaryField()
    sha256 = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "naive"
        db_table = "benchmark_naive"

    def __str__(self) -> str:
        return f"#{self.pk}"


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    expected = "sha256=" + hmac.new(SECRET, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(request.headers.get("X-Hub-Signature-256", ""), expected):
        return HttpResponse(status=401)
    Event.objects.create(body=request.body, sha256=hashlib.sha256(request.body).digest())
    return HttpResponse("EVENT_RECEIVED")


urlpatterns = [path("webhook/whatsapp/", webhook)]
asgi = ASGIHandler()
wsgi = WSGIHandler()


if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Event)
