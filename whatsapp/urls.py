"""The templates' address."""

from django.urls import path

from whatsapp import views

urlpatterns = [
    path("templates/", views.templates, name="templates"),
    path("templates/sync", views.sync, name="templates_sync"),
]
