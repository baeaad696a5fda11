"""The demo's data: it keeps the rules, comes once, and only to a demo."""

import io
import json
import stat
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from config.demo.seed import places, run
from conversations import rules, selectors
from conversations.models import (
    ConsentEvent,
    Contact,
    ContactIdentity,
    Conversation,
    IdentityMove,
    Message,
)
from conversations.templatetags import bubbles
from tenants import context
from tenants.models import Membership, Tenant, User
from whatsapp.models import AccountEvent, MediaFile
from whatsapp.services import numbers
from whatsapp.simulator.config import Config
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps

SECRETS = {"app_secret": "0123456789abcdef0123456789abcdef", "verify_token": "a-token-of-mine"}
TALKS = run.TALKS
# What stands on a bubble besides what it says.
FACTS = {
    "quote": lambda one: (found := bubbles.context(one)) is not None and found.wamid,
    "forwarded": lambda one: (found := bubbles.context(one)) is not None and found.is_forwarded,
    "product": lambda one: (found := bubbles.context(one)) is not None and found.product,
    "referral": bubbles.referral,
    "from the app": bubbles.is_from_app,
    "notice": bubbles.is_notice,
    "edited": lambda one: one.marks.versions,
    "revoked": lambda one: one.marks.revoked_at,
    "their reaction": lambda one: any(not mark.by_business for mark in one.marks.reactions),
    "our reaction": lambda one: any(mark.by_business for mark in one.marks.reactions),
    "failed": lambda one: one.failure,
}
OUTBOUND = {"ACCEPTED", "SENT", "DELIVERED", "READ", "PLAYED", "FAILED", "UNCONFIRMED"}


@pytest.fixture
def folder(tmp_path, settings) -> Path:
    """A demo's folder with its secrets, and the settings of a demo on port 8123."""
    settings.BALCAO_DEMO, settings.BALCAO_DEMO_DIR = True, str(tmp_path)
    settings.PUBLIC_URL, settings.PUBLIC_PORT = "http://localhost:8123", 8123
    settings.GRAPH_API_URL = "http://127.0.0.1:8223"
    (tmp_path / "secrets.json").write_text(json.dumps(SECRETS))
    return tmp_path


@pytest.fixture
def seeded(db, folder) -> Path:
    """The same, furnished."""
    seed()
    return folder


def seed() -> str:
    out = io.StringIO()
    with context.platform():
        call_command("seed_demo", stdout=out)
    return out.getvalue()


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize("subdomain", ["acme", "globex"])
def test_conversations_keep_the_rules(seeded, subdomain):
    with context.tenant(f"t_{subdomain}"):
        conversations = list(Conversation.objects.prefetch_related("messages"))
        identities = list(ContactIdentity.objects.all())
    assert len(conversations) == len(TALKS[subdomain]) >= 24
    for conversation in conversations:
        messages = sorted(conversation.messages.all(), key=lambda m: (m.timestamp, m.pk))
        inbound = [m for m in messages if m.direction == "INBOUND"]
        unread = [m for m in inbound if m.pk > conversation.read_up_to_id]
        assert [m.pk for m in messages] == sorted(m.pk for m in messages)
        assert conversation.last_message_id == messages[-1].pk
        assert conversation.last_message_at == messages[-1].timestamp <= timezone.now()
        assert conversation.unread_count == len(unread)
        opening = [m for m in inbound if m.type != "SYSTEM"]
        assert conversation.window_opened_at == opening[-1].timestamp
        assert all(m.rank == rules.RANKS[m.status] for m in messages)
        assert all(m.status == "RECEIVED" and m.author_id is None for m in inbound)
    assert all(i.match_key == rules.match_key(i.value) for i in identities)


@pytest.mark.parametrize("subdomain", ["acme", "globex"])
def test_nothing_waits_to_be_sent(seeded, subdomain):
    with context.tenant(f"t_{subdomain}"):
        outbound = set(
            Message.objects.filter(direction="OUTBOUND").values_list("status", flat=True)
        )
    assert outbound <= OUTBOUND


def test_there_is_something_of_everything(seeded):
    statuses, kinds, codes, most = set(), set(), set(), 0
    for subdomain in TALKS:
        with context.tenant(f"t_{subdomain}"):
            statuses |= set(Message.objects.values_list("status", flat=True))
            kinds |= set(Message.objects.values_list("type", flat=True))
            codes |= set(Message.objects.values_list("error_code", flat=True))
            most = max(most, *(c.messages.count() for c in Conversation.objects.all()))
            opened = list(Conversation.objects.values_list("window_opened_at", flat=True))
            left = [rules.window_closes_at(at) - timezone.now() for at in opened]
            hours = [each.total_seconds() / 3600 for each in left]
            assert any(each < 0 for each in hours)
            assert any(0 < each < 4 for each in hours)
            assert any(each > 12 for each in hours)
            assert Conversation.objects.filter(unread_count__gt=0).count() >= 3
            assert Conversation.objects.filter(status="CLOSED").exists()
    assert statuses >= OUTBOUND
    assert kinds == set(Message.Type.values) - {"REACTION"}  # those are marks
    assert codes >= {None, 131026, 131047, 131049, 131050, 131053}
    assert most > 60


def test_everybody_can_sign_in_where_he_works(seeded):
    for user in read(seeded, "demo.json")["users"]:
        if user["tenant"] is None:
            continue
        browser = Client(SERVER_NAME=f"{user['tenant']}.localhost")
        form = {"email": user["email"], "password": user["password"]}
        assert browser.post("/login/", form).status_code == 302, user
        assert browser.get("/inbox/").status_code == 200


def test_the_super_admin_reaches_the_console(seeded):
    browser = Client(SERVER_NAME="localhost")
    browser.post("/admin/login/", {"username": places.SUPER_ADMIN, "password": "demo"})

    assert browser.get("/admin/").status_code == 200


def test_the_files_say_what_scripts_need(seeded):
    demo = read(seeded, "demo.json")

    assert demo["public_url"] == "http://localhost:8123"
    assert demo["simulator_url"] == "http://127.0.0.1:8223"
    assert demo["app_secret"] == SECRETS["app_secret"]
    assert demo["tenants"]["acme"]["url"] == "http://acme.localhost:8123"
    assert demo["tenants"]["acme"]["host"] == "acme.localhost:8123"
    assert demo["tenants"]["globex"]["phone_number_id"] == "106540352242923"
    assert {user["role"] for user in demo["users"]} == {
        "SUPER_ADMIN",
        "ADMIN",
        "OPERATOR",
        "VIEWER",
    }
    for name in ("demo.json", "simulator.json"):
        assert stat.S_IMODE((seeded / name).stat().st_mode) == 0o600


def test_the_simulator_understands_its_file(seeded):
    config = Config.load(seeded / "simulator.json")

    assert config.port == 8223
    assert config.callback_url == "http://127.0.0.1:8123/webhook/whatsapp/"
    assert len(config.phones) == 2
    known = [talk for talks in TALKS.values() for talk in talks if talk.wa_id.isdigit()]
    assert len(config.customers) == len(known)
    assert len({customer.wa_id for customer in config.customers}) == len(config.customers)


def test_what_was_connected_in_the_demo_is_known_after_a_restart(seeded):
    with context.platform():
        tenant = Tenant.objects.get(subdomain="acme")
        own = apps.register_app(
            actor=None,
            tenant=tenant,
            name="Acme's",
            app_id="700",
            app_secret="a-secret-of-acmes-own-app-0123",
            verify_token="acmes-word",
        )
        by_app = {"106540352242901": MetaApp.objects.get(tenant=None), "106540352242902": own}
        for phone_number_id, app in by_app.items():
            numbers.connect(
                actor=None,
                tenant=tenant,
                app=app,
                phone_number_id=phone_number_id,
                waba_id="102290129340398",
                display_phone_number=f"+55 11 4000-1{phone_number_id[-3:]}",
                name="Loja Acme Sul",
                access_token=f"EAA{phone_number_id}",
            )
        numbers.release(actor=None, route=PhoneRoute.objects.get(phone_number_id="106540352242923"))

    seed()

    config = Config.load(seeded / "simulator.json")
    known = {phone.phone_number_id: (phone.token, phone.app_id) for phone in config.phones}
    assert known["106540352242901"] == ("EAA106540352242901", "")
    assert known["106540352242902"] == ("EAA106540352242902", "700")
    assert len(known) == 4
    (app,) = config.apps
    assert app.callback_url == f"http://localhost:8123/webhook/whatsapp/apps/{own.app_key}"
    assert (app.app_secret, app.verify_token) == ("a-secret-of-acmes-own-app-0123", "acmes-word")


def test_a_second_start_keeps_everything(seeded):
    first = {name: read(seeded, name) for name in ("demo.json", "simulator.json")}
    with context.platform():
        users = list(User.objects.order_by("id").values_list("id", "password"))
    with context.tenant("t_acme"):
        first_id = Message.objects.order_by("id").values_list("id", flat=True)[0]
        Message.objects.filter(pk=first_id).update(text="what somebody wrote in the demo")

    said = seed()

    assert "keeps its" in said
    assert {name: read(seeded, name) for name in first} == first
    with context.platform():
        assert list(User.objects.order_by("id").values_list("id", "password")) == users
    with context.tenant("t_acme"):
        assert Message.objects.get(pk=first_id).text == "what somebody wrote in the demo"
        assert Conversation.objects.count() == len(TALKS["acme"])


def test_what_an_admin_changed_is_not_undone(seeded):
    with context.platform():
        Membership.objects.filter(user__email="vera@acme.test").update(role="OPERATOR")
        User.objects.filter(email="ana@acme.test").update(name="Ana Maria")

    seed()

    with context.platform():
        assert Membership.objects.get(user__email="vera@acme.test").role == "OPERATOR"
        assert User.objects.get(email="ana@acme.test").name == "Ana Maria"


def test_another_folder_on_the_same_database_gets_its_secrets_in(seeded, settings):
    others = {"app_secret": "f" * 8 + "0123456789abcdef01234567", "verify_token": "another-token"}
    (seeded / "secrets.json").write_text(json.dumps(others))
    settings.FIELD_KEYS = "k1:ZGVtb19rZXlfb2ZfYW5vdGhlcl9mb2xkZXJfMTIzNDU="

    seed()

    with context.platform():
        app = MetaApp.objects.get()
    assert apps.opened(app=app, column="app_secret") == others["app_secret"]
    assert apps.opened(app=app, column="verify_token") == "another-token"
    assert all(phone["token"] for phone in read(seeded, "simulator.json")["phones"])


@pytest.mark.parametrize("missing", ["flag", "folder"])
def test_a_real_installation_is_not_furnished(db, folder, settings, missing):
    if missing == "flag":
        settings.BALCAO_DEMO = False
    else:
        settings.BALCAO_DEMO_DIR = ""

    with pytest.raises(CommandError, match="for the demo only"):
        seed()
    with context.platform():
        assert not User.objects.exists()


@pytest.mark.parametrize("content", [None, "{}", '{"app_secret": "x"}'])
def test_a_folder_without_secrets_is_a_sentence(db, folder, content):
    path = folder / "secrets.json"
    path.unlink() if content is None else path.write_text(content)

    with pytest.raises(CommandError, match=r"secrets\.json"):
        seed()


def test_every_kind_of_bubble_is_there_and_can_be_looked_at(seeded):
    """Whatever a page can draw, the demo shows."""
    partials, shown, states = set(), set(), set()
    for subdomain in TALKS:
        with context.tenant(f"t_{subdomain}"):
            messages = list(Message.objects.all())
            selectors.with_marks(messages)
            partials |= {bubbles.part(one).template for one in messages}
            shown |= {name for name in FACTS for one in messages if FACTS[name](one)}
            states |= set(MediaFile.objects.values_list("state", "mime_type"))
            pks = list(Conversation.objects.values_list("pk", flat=True))
        browser = Client(SERVER_NAME=f"{subdomain}.localhost")
        browser.post("/login/", {"email": f"ana@{subdomain}.test", "password": "demo"})
        for pk in pks:
            assert browser.get(f"/inbox/{pk}/").status_code == 200

    folder = Path(settings.BASE_DIR) / "templates" / "conversations" / "bubbles"
    beside = {"_file.html", "_quote.html", "_referral.html", "_plain.html"}  # not of a type
    drawn = {f"conversations/bubbles/{one.name}" for one in folder.glob("_*.html")}
    assert drawn - {f"conversations/bubbles/{name}" for name in beside} <= partials
    assert shown == set(FACTS)
    types = {"image/jpeg", "image/webp", "video/mp4", "audio/ogg", "audio/mpeg", "application/pdf"}
    assert states >= {("STORED", one) for one in types} | {("EXPIRED", "")}


def test_groups_user_ids_new_numbers_and_stops_are_there(seeded):
    with context.tenant("t_acme"):
        assert AccountEvent.objects.filter(field="messages").exists()
        assert ContactIdentity.objects.filter(kind="BSUID").exists()
        assert IdentityMove.objects.exists()
        assert set(ConsentEvent.objects.values_list("source", flat=True)) == {"KEYWORD", "BUTTON"}
        assert Contact.objects.filter(marketing_opted_out_at__isnull=False).count() == 2
