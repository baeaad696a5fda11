"""Signing in, and settings of who gets in."""

from django.urls import path

from tenants import (
    invitation_views,
    key_views,
    password_views,
    people_views,
    session_views,
    support_views,
    views,
)

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("logout/", views.log_out, name="logout"),
    path("forgotten/", password_views.forgotten, name="forgotten"),
    path("password/<str:token>", password_views.password, name="password"),
    path("settings/profile/", password_views.profile, name="profile"),
    path("invitation/<str:token>", invitation_views.invitation, name="invitation"),
    path("support/enter", support_views.support_enter, name="support_enter"),
    path("support/over", support_views.support_over, name="support_over"),
    path("settings/support/", support_views.support_accesses, name="support_accesses"),
    path("settings/people/", people_views.people, name="people"),
    path("settings/people/<int:pk>/role", people_views.person_role, name="person_role"),
    path("settings/people/<int:pk>/remove", people_views.person_remove, name="person_remove"),
    path(
        "settings/invitations/<int:pk>/resend",
        people_views.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "settings/invitations/<int:pk>/withdraw",
        people_views.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path("settings/api-keys/", key_views.api_keys, name="api_keys"),
    path("settings/api-keys/<int:pk>/revoke", key_views.api_key_revoke, name="api_key_revoke"),
    path("settings/sessions/", session_views.sessions, name="sessions"),
    path("settings/sessions/end", session_views.sessions_end, name="sessions_end"),
]
