"""The inbox's addresses."""

from django.urls import path

from conversations import (
    block_views,
    bubble_views,
    contact_views,
    file_views,
    media_views,
    start_views,
    template_views,
    views,
)

urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/changes", views.changes, name="inbox_changes"),
    path("inbox/new", start_views.start, name="start"),
    path("inbox/<int:pk>/", views.conversation, name="conversation"),
    path("inbox/<int:pk>/reply", views.reply, name="reply"),
    path("inbox/<int:pk>/files", file_views.attach, name="attach"),
    path("inbox/<int:pk>/read", views.read, name="read"),
    path("inbox/<int:pk>/templates", template_views.choose, name="choose_template"),
    path("inbox/<int:pk>/templates/<int:template_id>", template_views.fill, name="fill_template"),
    path("inbox/<int:pk>/messages/<int:message_id>/quote", bubble_views.quote, name="quote"),
    path("inbox/<int:pk>/messages/<int:message_id>/react", bubble_views.react, name="react"),
    path("inbox/<int:pk>/writing", bubble_views.writing, name="writing"),
    path("inbox/<int:pk>/contact", contact_views.rename, name="rename_contact"),
    path("inbox/<int:pk>/consent", contact_views.consent, name="consent"),
    path("inbox/<int:pk>/consent/note", contact_views.note_consent, name="note_consent"),
    path("inbox/<int:pk>/messages/<int:message_id>/again", views.send_again, name="send_again"),
    path("contacts/blocked/", block_views.blocks, name="blocks"),
    path("contacts/blocked/refresh", block_views.refresh, name="blocks_refresh"),
    path("contacts/<int:pk>/block", block_views.block, name="block"),
    path("contacts/<int:pk>/unblock", block_views.unblock, name="unblock"),
    path("inbox/<int:pk>/messages/<int:message_id>/cancel", views.cancel, name="cancel_message"),
    path("media/<int:pk>", media_views.file, name="media"),
    path("media/<int:pk>/thumb", media_views.thumbnail, name="media_thumbnail"),
]
