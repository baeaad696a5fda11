"""The API, the same on the public host and on every tenant's; with and without the final slash."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.views import APIView

from analytics import api as analytics
from config import openapi
from conversations.api import (
    attempts,
    attributes,
    blocks,
    broadcast_acts,
    broadcasts,
    changes,
    consent,
    contacts,
    conversations,
    forecasts,
    handling,
    hooks,
    labels,
    media,
    messages,
    notes,
    template_sending,
    uploads,
)
from tenants.api import auth, invitations, keys, people, sessions, support
from whatsapp.api import callbacks, jobs, meta_apps, phones, profile, signup, templates


def _both(route: str, view: type[APIView], **kwargs: Any) -> list[URLPattern]:
    """Serve a route in both spellings; the one that is written is documented and linked to."""
    twin = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return [path(route, view.as_view(), **kwargs), path(twin, view.as_view())]


tenant_patterns: list[URLPattern] = [
    *_both("changes", changes.ChangesView),
    *_both("dashboard/stats", analytics.DashboardView),
    *_both("analytics/messages-count", analytics.MessagesCountView),
    *_both("analytics/conversations-stats", analytics.ConversationsStatsView),
    *_both("analytics/performance", analytics.PerformanceView),
    *_both("conversations/", conversations.ConversationListView),
    *_both("conversations/<int:pk>/", conversations.ConversationView),
    *_both("conversations/<int:pk>/messages", conversations.MessageListView),
    *_both("conversations/<int:pk>/status", handling.StatusView),
    *_both("conversations/<int:pk>/assignee", handling.AssigneeView),
    *_both("conversations/<int:pk>/read", handling.ReadView),
    *_both("conversations/<int:pk>/labels", labels.ConversationLabelsView),
    *_both("conversations/<int:pk>/labels/<int:label_id>", labels.ConversationLabelView),
    *_both("conversations/<int:pk>/notes", notes.NoteListView),
    *_both("conversations/<int:pk>/notes/<int:note_id>", notes.NoteView),
    *_both("labels/", labels.LabelListView),
    *_both("labels/<int:pk>/", labels.LabelView),
    *_both("contacts/", contacts.ContactListView),
    *_both("contacts/<int:pk>/", contacts.ContactView),
    *_both("contacts/<int:pk>/merge", contacts.MergeView),
    *_both("contact-attributes/", attributes.AttributeListView),
    *_both("contact-attributes/<int:pk>/", attributes.AttributeView),
    *_both("contacts/<int:pk>/consent", consent.ConsentView),
    *_both("contacts/<int:pk>/block", blocks.ContactBlockView),
    *_both("blocks/", blocks.BlockedView),
    *_both("blocks/refresh", blocks.BlocksRefreshView),
    *_both("broadcasts/", broadcasts.BroadcastListView),
    *_both("broadcasts/<int:pk>/", broadcasts.BroadcastView),
    *_both("broadcasts/<int:pk>/recipients", broadcasts.RecipientListView),
    *_both("broadcasts/<int:pk>/forecast", forecasts.ForecastView),
    *_both("broadcasts/<int:pk>/start", broadcast_acts.StartView),
    *_both("broadcasts/<int:pk>/pause", broadcast_acts.PauseView),
    *_both("broadcasts/<int:pk>/resume", broadcast_acts.ResumeView),
    *_both("broadcasts/<int:pk>/cancel", broadcast_acts.CancelView),
    *_both("broadcasts/<int:pk>/retry", broadcast_acts.RetryView),
    *_both("broadcasts/<int:pk>/test", broadcast_acts.TestView),
    *_both("webhooks-out/", hooks.EndpointListView),
    *_both("webhooks-out/<int:pk>/", hooks.EndpointView),
    *_both("webhooks-out/<int:pk>/rotate-secret", hooks.SecretView),
    *_both("webhooks-out/<int:pk>/test", hooks.TestView),
    *_both("webhooks-out/<int:pk>/deliveries", hooks.DeliveryListView),
    *_both("webhooks-out/<int:pk>/deliveries/<int:delivery_id>/replay", hooks.ReplayView),
    *_both("webhooks-out/<int:pk>/replay", hooks.ReplayFailedView),
    *_both("messages/bulk", broadcasts.BulkView),
    *_both("messages/send", messages.SendView),
    *_both("messages/<int:pk>/", attempts.MessageView),
    *_both("messages/<int:pk>/cancel", attempts.CancelView),
    *_both("messages/<int:pk>/retry", attempts.RetryView),
    *_both("messages/template", template_sending.SendTemplateView),
    *_both("templates/", templates.TemplateListView),
    *_both("templates/sync", templates.SyncView),
    *_both("templates/<int:pk>/", templates.TemplateView),
    *_both("jobs/<int:pk>/", jobs.JobView),
    *_both("media/", uploads.UploadView),
    *_both("media/<int:pk>/", media.MediaView),
    *_both("media/<int:pk>/file", media.MediaFileView),
    *_both("phones/", phones.PhoneListView),
    *_both("phones/signup", signup.SignupView),
    *_both("phones/<int:pk>/", phones.PhoneView),
    *_both("phones/<int:pk>/check", phones.CheckView),
    *_both("phones/<int:pk>/token", phones.TokenView),
    *_both("phones/<int:pk>/app", meta_apps.PhoneAppView),
    *_both("phones/<int:pk>/callback-override", callbacks.PhoneOverrideView),
    *_both("accounts/<int:waba_id>/callback-override", callbacks.AccountOverrideView),
    *_both("phones/<int:pk>/profile", profile.ProfileView),
    *_both("phones/<int:pk>/profile/refresh", profile.ProfileRefreshView),
    *_both("users/", people.PersonListView),
    *_both("users/<int:pk>/", people.PersonView),
    *_both("invitations/", invitations.InvitationListView),
    *_both("invitations/<int:pk>/", invitations.InvitationView),
    *_both("invitations/<int:pk>/resend", invitations.ResendView),
    *_both("api-keys/", keys.KeyListView),
    *_both("api-keys/<int:pk>/", keys.KeyView),
    *_both("sessions/", sessions.SessionListView),
    *_both("sessions/<uuid:session_id>/", sessions.SessionView),
    *_both("support-access/", support.SupportAccessListView),
    *_both("meta-apps/", meta_apps.MetaAppListView),
    *_both("meta-apps/<int:pk>/", meta_apps.MetaAppView),
    *_both("meta-apps/<int:pk>/previous-secret", meta_apps.PreviousSecretView),
]

v1_patterns: list[URLPattern | URLResolver] = [
    *_both("auth/login", auth.LoginView),
    *_both("auth/refresh", auth.RefreshView),
    *_both("auth/logout", auth.LogoutView),
    path("tenant/<uuid:tenant_id>/", include(tenant_patterns)),
]

urlpatterns = [
    path("api/v1/", include(v1_patterns)),
    *_both("api/schema/", openapi.SchemaView, name="api-schema"),
    path("api/docs/", openapi.docs, name="api-docs"),
    path("api/docs", openapi.docs),
]
