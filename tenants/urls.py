"""Signing in, and settings of who gets in."""

from django.urls import path

from tenants import key_views, session_views, views

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("settings/api-keys/", key_views.api_keys, name="api_keys"),
    path("settings/api-keys/<int:pk>/revoke", key_views.api_key_revoke, name="api_key_revoke"),
    path("settings/sessions/", session_views.sessions, name="sessions"),
    path("settings/sessions/end", session_views.sessions_end, name="sessions_end"),
]
