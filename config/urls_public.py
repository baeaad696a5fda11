"""The public host: the console and the API of the whole installation."""

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
    path("", include("config.urls_api")),
]

handler400 = errors.handler400
handler403 = errors.handler403
handler404 = errors.handler404
handler500 = errors.handler500
