"""A tenant's host: its pages and its API. The console is not here."""

from django.urls import include, path

from config import errors, pages

urlpatterns = [
    path("", include("tenants.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("robots.txt", pages.robots),
    path("favicon.ico", pages.favicon),
    path("", include("config.urls_api")),
    path("", include("conversations.urls")),
    path("", include("whatsapp.urls")),
]

handler400 = errors.handler400
handler403 = errors.handler403
handler404 = errors.handler404
handler500 = errors.handler500
