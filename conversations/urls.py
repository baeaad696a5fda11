"""The inbox's addresses."""

from django.urls import path

from conversations import (
    block_views,
    broadcast_act_views,
    broadcast_row_views,
    broadcast_views,
    bubble_views,
    contact_views,
    file_views,
    hook_views,
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
    path("broadcasts/", broadcast_views.listing, name="broadcasts"),
    path("broadcasts/new", broadcast_views.new, name="new_broadcast"),
    path("broadcasts/<int:pk>/", broadcast_views.broadcast, name="broadcast"),
    path("broadcasts/<int:pk>/columns", broadcast_views.columns, name="broadcast_columns"),
    path("broadcasts/<int:pk>/rows", broadcast_row_views.rows, name="broadcast_rows"),
    path("broadcasts/<int:pk>/rows.csv", broadcast_row_views.rows_file, name="broadcast_file"),
    path("broadcasts/<int:pk>/start", broadcast_act_views.start, name="broadcast_start"),
    path("broadcasts/<int:pk>/cancel", broadcast_act_views.cancel, name="broadcast_cancel"),
    path("broadcasts/<int:pk>/discard", broadcast_act_views.discard, name="broadcast_discard"),
    path("broadcasts/<int:pk>/test", broadcast_act_views.test, name="broadcast_test"),
    *(
        path(
            f"broadcasts/<int:pk>/{word}",
            broadcast_act_views.act,
            {"word": word},
            name=f"broadcast_{word}",
        )
        for word in ("pause", "resume", "retry")
    ),
    path("settings/webhooks/", hook_views.webhooks, name="webhooks"),
    path("settings/webhooks/<int:pk>/", hook_views.webhook, name="webhook"),
    path("settings/webhooks/<int:pk>/secret", hook_views.webhook_secret, name="webhook_secret"),
    path("settings/webhooks/<int:pk>/test", hook_views.webhook_test, name="webhook_test"),
    path("settings/webhooks/<int:pk>/remove", hook_views.webhook_remove, name="webhook_remove"),
    path(
        "settings/webhooks/<int:pk>/replay",
        hook_views.webhook_replay_failed,
        name="webhook_replay_failed",
    ),
    path(
        "settings/webhooks/<int:pk>/deliveries/<int:delivery_id>/replay",
        hook_views.webhook_replay,
        name="webhook_replay",
    ),
    path("media/<int:pk>", media_views.file, name="media"),
    path("media/<int:pk>/thumb", media_views.thumbnail, name="media_thumbnail"),
]
