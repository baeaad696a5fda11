"""A tenant's host: its pages and its API. The console is not here."""

from importlib.util import find_spec

from django.urls import include, path

from config import errors, pages

urlpatterns = [
    path("", include("tenants.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("robots.txt", pages.robots),
    path("favicon.ico", pages.favicon),
    *[path("", include(name)) for name in ["config.urls_api"] if find_spec(name)],
    *[path("", include(name)) for name in ["conversations.urls"] if find_spec(name)],
]

handler400 = errors.handler400
handler403 = errors.handler403
handler404 = errors.handler404
handler500 = errors.handler500
