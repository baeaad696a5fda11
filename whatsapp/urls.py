"""The templates' address."""

from django.urls import path

from whatsapp import meta_app_views, profile_views, views

urlpatterns = [
    path("templates/", views.templates, name="templates"),
    path("templates/sync", views.sync, name="templates_sync"),
    path("settings/numbers/<int:pk>/profile", profile_views.profile, name="number_profile"),
    path(
        "settings/numbers/<int:pk>/profile/refresh",
        profile_views.profile_refresh,
        name="number_profile_refresh",
    ),
    path("settings/apps/", meta_app_views.meta_apps, name="meta_apps"),
    path("settings/apps/numbers/<int:pk>", meta_app_views.number_app, name="number_app"),
    path("settings/apps/<int:pk>/", meta_app_views.meta_app, name="meta_app"),
    path("settings/apps/<int:pk>/secret", meta_app_views.meta_app_secret, name="meta_app_secret"),
    path("settings/apps/<int:pk>/forget", meta_app_views.meta_app_forget, name="meta_app_forget"),
    path("settings/apps/<int:pk>/remove", meta_app_views.meta_app_remove, name="meta_app_remove"),
]
