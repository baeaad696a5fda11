"""What addresses are about: fresh rows of a tenant for each call, so that none spoils the next."""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

from django.db import connection
from django.utils import timezone

from conversations.models import (
    ContactAttribute,
    HookDelivery,
    HookEndpoint,
    HookEvent,
    HookRelay,
    Label,
    Note,
)
from tenants import context
from tenants.models import Invitation, Membership, Tenant, User
from tenants.permissions import Actor
from tenants.services import keys, passwords
from tests.api import open_session
from tests.conftest import _sealed
from tests.conversations.lists import broadcast_to
from tests.conversations.sending import conversation_with, message_in
from tests.conversations.uploading import kept
from tests.tenants.inviting import invited, later, link_of, token_to
from tests.whatsapp.templates import template
from whatsapp.models import Job, Phone
from whatsapp.webhooks.models import MetaApp

_numbers = count(1)
# Which row an address is about, by its beginning; the first that fits.
KINDS = (
    (r"settings/numbers/connect/", "connection"),
    (r"settings/numbers/signup/", "signup"),
    (r"(settings/)?apps/numbers/|(settings/)?numbers/|phones/", "phone"),
    (r"(settings/)?api-keys/", "key"),
    (r"(settings/apps|meta-apps)/", "app"),
    (r"(settings/)?jobs/", "job"),
    (r"users/|settings/people/", "person"),
    (r"(settings/)?invitations/", "invitation"),
    (r"(inbox|conversations)/", "conversation"),
    (r"contacts/", "contact"),
    (r"contact-attributes/", "attribute"),
    (r"broadcasts/", "broadcast"),
    (r"labels/", "label"),
    (r"templates/", "template"),
    (r"messages/", "message"),
    (r"media/", "media"),
    (r"(settings/webhooks|webhooks-out)/", "webhook"),
)


def ids_apart(tenant: Tenant) -> None:
    """See to it that no row of another tenant has by chance the id of one of this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename), 1000000)"
            " FROM pg_sequences WHERE schemaname = %s",
            [tenant.schema_name],
        )


class Things:
    """The rows of one tenant."""

    def __init__(self, actor: Actor, phone: Phone) -> None:
        self._actor = actor
        self._phone = phone

    def address(self, route: str) -> str:
        """Fill a route, as the URLconf has it behind the tenant's, with ids of rows made for it."""
        made = self.ids(route)
        return re.sub(r"<\w+:(\w+)>", lambda found: str(made[found[1]]), route)

    def ids(self, route: str) -> dict[str, Any]:
        """Make the rows that a route names; return its parameters."""
        with context.tenant(self._actor.tenant.schema_name):
            return self._make(route)

    def _make(self, tail: str) -> dict[str, Any]:
        made: dict[str, Any] = {"waba_id": self._phone.waba_id}
        if "<int:pk>" in tail:
            kind = next(kind for start, kind in KINDS if re.match(start, tail))
            made["pk"] = self._maker(kind)()
        if "<int:message_id>" in tail:
            # Customers' messages are quoted and reacted to, ours are taken back and sent again.
            theirs = tail.endswith(("/quote", "/react"))
            received = {"status": "RECEIVED", "wamid": f"wamid.{next(_numbers)}"}
            message = self._message(**(received if theirs else {}))
            made |= {"message_id": message.pk, "pk": message.conversation_id}
        if "<int:delivery_id>" in tail:
            made["delivery_id"] = self._delivery(made["pk"])
        if "<int:label_id>" in tail:
            made["label_id"] = self._label()
        if "<int:note_id>" in tail:
            made["note_id"] = Note.objects.create(conversation_id=made["pk"], body="n").pk
        if "<uuid:session_id>" in tail and self._actor.user is not None:
            made["session_id"] = open_session(self._actor.user, self._actor.tenant).session_id
        if "<str:token>" in tail:
            made["token"] = self._password() if "password/" in tail else self._link()
        if "<int:template_id>" in tail:
            made["template_id"] = self._template().pk
        return made

    def _maker(self, kind: str) -> Callable[[], Any]:
        makers: dict[str, Callable[[], Any]] = {
            "phone": lambda: self._phone.pk,
            "app": self._app,
            "key": self._key,
            "job": lambda: self._job("TEMPLATES_SYNC"),
            "connection": lambda: self._job("NUMBER_CONNECT"),
            "signup": lambda: self._job("SIGNUP"),
            "conversation": lambda: self._conversation().pk,
            "contact": lambda: self._conversation().contact_id,
            "broadcast": self._broadcast,
            "attribute": self._attribute,
            "label": self._label,
            "template": lambda: self._template().pk,
            "message": lambda: self._message().pk,
            "media": self._media,
            "webhook": self._webhook,
            "person": self._person,
            "invitation": lambda: self._invitation().pk,
        }
        return makers[kind]

    def _conversation(self) -> Any:
        wa_id = f"5511{next(_numbers):09}"
        return conversation_with(wa_id, phone=self._phone, opened_at=timezone.now())

    def _message(self, **fields: Any) -> Any:
        return message_in(self._conversation(), timestamp=timezone.now(), **fields)

    def _media(self) -> int:
        file = kept(self._actor)
        self._message(media=file)
        return file.pk

    def _job(self, kind: str) -> int:
        return Job.objects.create(kind=kind, subject="1").pk

    def _template(self) -> Any:
        number = next(_numbers)
        return template(f"template_{number}", waba_id=self._phone.waba_id, template_id=str(number))

    def _broadcast(self) -> int:
        numbers = [f"5521{next(_numbers):09}"]
        return broadcast_to(numbers, phone=self._phone, approved=self._template()).pk

    def _label(self) -> int:
        return Label.objects.create(name=f"Label {next(_numbers)}").pk

    def _attribute(self) -> int:
        key = f"a{next(_numbers)}"
        return ContactAttribute.objects.create(key=key, label=key, kind="TEXT").pk

    def _webhook(self) -> int:
        return HookEndpoint.objects.create(
            url="https://hooks.example.com/", secret_sealed="x", since_seq=0
        ).pk

    def _delivery(self, endpoint_id: int) -> int:
        HookRelay.objects.get_or_create(id=1)
        event = HookEvent.objects.create(kind="webhook.test", key=str(next(_numbers)), body="{}")
        return HookDelivery.objects.create(event=event, endpoint_id=endpoint_id, state="DEAD").pk

    def _key(self) -> int:
        scopes = ["conversations:read"]
        return keys.make(actor=self._actor, name="K", scopes=scopes, now=timezone.now()).key.pk

    def _person(self) -> int:
        with context.platform():
            user = User.objects.create(email=f"p{next(_numbers)}@acme.test", name="P")
            Membership.objects.create(user=user, tenant=self._actor.tenant, role="VIEWER")
        return user.pk

    def _invitation(self) -> Invitation:
        email = f"i{next(_numbers)}@example.com"
        return invited(self._actor, email, now=later(minutes=-2))

    def _link(self) -> str:
        return link_of(self._invitation())

    def _password(self) -> str:
        with context.platform():
            email = User.objects.get(pk=self._person()).email
        now = timezone.now()
        passwords.ask(tenant=self._actor.tenant, email=email, language="en", now=now)
        return token_to(email)

    def _app(self) -> int:
        with context.platform():
            return MetaApp.objects.create(
                name="Own",
                app_id=f"2{next(_numbers):05}",
                tenant=self._actor.tenant,
                app_secret_sealed=_sealed("secret-secret", "app_secret"),
                verify_token_sealed=_sealed("token-token", "verify_token"),
            ).pk
