"""Whatever points at a contact or a conversation must have a place in a merge."""

from django.apps import apps

from conversations.models import Contact, Conversation

# What ``conversations.services.merging`` does with each; a new relation needs its line there first.
HANDLED = {
    "Block.contact",
    "Contact.merged_into",
    "ConsentEvent.contact",
    "ContactIdentity.contact",
    "Conversation.contact",
    "Conversation.merged_into",
    "ConversationLabel.conversation",
    "Episode.conversation",
    "Label.conversations",
    "Message.conversation",
    "Note.conversation",
}


def test_every_relation_to_people_and_threads_is_merged():
    found = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model in (Contact, Conversation)
    }

    assert found == HANDLED
