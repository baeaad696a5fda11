"""The public host: the console and the API of the whole installation."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import errors, pages

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("robots.txt", pages.robots),
    path("favicon.ico", pages.favicon),
    *[path("", include(name)) for name in ["config.urls_api"] if find_spec(name)],
]

handler400 = errors.handler400
handler403 = errors.handler403
handler404 = errors.handler404
handler500 = errors.handler500
