"""The addresses of templates and settings."""

from django.urls import path

from whatsapp import (
    meta_app_views,
    number_views,
    profile_views,
    signup_views,
    template_views,
    views,
)

urlpatterns = [
    path("templates/", views.templates, name="templates"),
    path("templates/sync", views.sync, name="templates_sync"),
    path("templates/new", template_views.create, name="create_template"),
    path("templates/<int:pk>/edit", template_views.edit, name="edit_template"),
    path("templates/<int:pk>/delete", template_views.delete, name="delete_template"),
    path("settings/jobs/<int:pk>", views.job, name="job"),
    path("settings/numbers/", number_views.numbers, name="numbers"),
    path("settings/numbers/connect", number_views.number_connect, name="number_connect"),
    path(
        "settings/numbers/connect/<int:pk>",
        number_views.number_connecting,
        name="number_connecting",
    ),
    path("settings/numbers/signup", signup_views.signup, name="number_signup"),
    path(
        "settings/numbers/signup/<int:pk>",
        signup_views.signing_up,
        name="number_signing_up",
    ),
    path("settings/numbers/<int:pk>/", number_views.number, name="number"),
    path("settings/numbers/<int:pk>/check", number_views.number_check, name="number_check"),
    path("settings/numbers/<int:pk>/token", number_views.number_token, name="number_token"),
    path(
        "settings/numbers/<int:pk>/disconnect",
        number_views.number_disconnect,
        name="number_disconnect",
    ),
    path(
        "settings/numbers/<int:pk>/choices",
        number_views.number_choices,
        name="number_choices",
    ),
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
