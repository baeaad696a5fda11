"""Who is blocked: by the page, by the API, at the simulator, and what it does to a thread."""

from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from conversations.models import Block, Contact, Conversation, Message
from conversations.services import block_rows, blocking
from tenants import context
from tenants.feed.models import Change
from tenants.models import AuditEvent
from tests.api import Api, Queries, api_of, check_problem
from tests.conftest import PHONES
from tests.conversations.inboxes import add, open_with
from tests.whatsapp import simulated
from tests.whatsapp.raw_meta import refused
from tests.whatsapp.simulator.conftest import JOAO, MARIA
from whatsapp.models import Job, Phone
from whatsapp.services import working

pytestmark = pytest.mark.django_db

NUMBER = PHONES["acme"][0]
PART = {"HX-Request": "true"}


@pytest.fixture
def thread(acme, phones) -> Conversation:
    with context.tenant(acme.schema_name):
        return open_with(phones["acme"], name="Maria", wa_id=MARIA)


@pytest.fixture
def base(acme) -> str:
    return f"/api/v1/tenant/{acme.pk}"


@pytest.fixture
def door(base, thread) -> str:
    return f"{base}/contacts/{thread.contact_id}/block"


@pytest.fixture
def ana(people) -> Api:
    return api_of(people["ana@acme.test"])


def run_all(tenant) -> list[Job]:
    with context.tenant(tenant.schema_name):
        for job in Job.objects.filter(state="QUEUED").order_by("pk"):
            working.run(job_id=job.pk)
        return list(Job.objects.order_by("pk"))


def states(tenant) -> list[str]:
    with context.tenant(tenant.schema_name):
        return list(Block.objects.order_by("pk").values_list("state", flat=True))


def put(tenant, thread, state="BLOCKED", **more) -> None:
    with context.tenant(tenant.schema_name):
        Block.objects.create(contact=thread.contact, phone=thread.phone, state=state, **more)


# --- at the simulator -----------------------------------------------------------------------------
def test_blocking_and_unblocking_reach_meta(acme, ana, door, base, thread, settings):
    with simulated.serving(settings) as meta:
        asked = ana.post(door)
        assert asked.status_code == 202
        assert states(acme) == ["BLOCKING"]
        run_all(acme)
        assert meta.number(NUMBER)["blocked"] == [MARIA]
        assert states(acme) == ["BLOCKED"]
        (shown,) = ana.get(door).json()["results"]
        assert (shown["state"], shown["error"], shown["author"]["name"]) == ("BLOCKED", None, "Ana")
        assert [row["contact"]["id"] for row in ana.get(f"{base}/blocks/").json()["results"]] == [
            thread.contact_id
        ]

        assert ana.send("DELETE", door).status_code == 202
        assert states(acme) == ["UNBLOCKING"]
        run_all(acme)
        assert meta.number(NUMBER)["blocked"] == []
        assert states(acme) == []
    with context.platform():
        asked = AuditEvent.objects.filter(action__startswith="contact.").order_by("pk")
        actions = list(asked.values_list("action", flat=True))
    assert actions == ["contact.block_asked", "contact.unblock_asked"]


def test_what_meta_refuses_is_told_in_plain_words(acme, phones, ana, base, settings):
    with context.tenant(acme.schema_name):
        joao = open_with(phones["acme"], name="João", wa_id=JOAO)
    with simulated.serving(settings):  # where he wrote long ago
        ana.post(f"{base}/contacts/{joao.contact_id}/block")
        (job,) = run_all(acme)

    assert job.state == "FAILED"
    (shown,) = ana.get(f"{base}/contacts/{joao.contact_id}/block").json()["results"]
    assert shown["state"] == "REFUSED"
    assert "within the last 24 hours" in shown["error"]["detail"]
    assert ana.get(f"{base}/blocks/").json()["results"] == []


def test_whom_somebody_else_unblocked_is_unblocked(acme, ana, door, thread, settings):
    put(acme, thread)
    with simulated.serving(settings):  # which does not know of it and refuses
        ana.send("DELETE", door)
        (job,) = run_all(acme)

    assert job.state == "DONE"
    assert states(acme) == []


def test_the_list_is_read_from_meta(acme, phones, ana, base, thread, settings):
    with context.tenant(acme.schema_name):
        joao = open_with(phones["acme"], name="João", wa_id="553188776655")
    put(acme, joao)
    with simulated.serving(settings) as meta:
        ana.post(f"{base}/contacts/{thread.contact_id}/block")
        run_all(acme)
        with context.tenant(acme.schema_name):
            Block.objects.filter(contact=thread.contact).delete()

        answer = ana.post(f"{base}/blocks/refresh")
        assert ana.post(f"{base}/blocks/refresh").json() == answer.json()
        job = run_all(acme)[-1]

        assert len(meta.number(NUMBER)["blocked"]) == 1
    assert job.result == {"blocked": 1, "contacts": 1}
    rows = ana.get(f"{base}/blocks/").json()["results"]
    assert [(row["contact"]["id"], row["author"]) for row in rows] == [(thread.contact_id, None)]


# --- jobs -----------------------------------------------------------------------------------------
def test_a_block_that_never_got_through_ends_as_refused(acme, ana, door, settings):
    settings.GRAPH_API_URL = "https://graph.test"
    ana.post(door)
    with responses.RequestsMock() as meta:
        meta.post(
            f"https://graph.test/v25.0/{NUMBER}/block_users", json=refused(139103), status=400
        )
        for _ in range(working.ATTEMPTS_MAX):
            with context.tenant(acme.schema_name):
                Job.objects.update(due_at=timezone.now())
            run_all(acme)
            if states(acme) != ["BLOCKING"]:
                break

    with context.tenant(acme.schema_name):
        block, job = Block.objects.get(), Job.objects.get()
    assert (block.state, block.error_code) == ("REFUSED", 139103)
    assert "Try again in a few minutes" in block.error
    assert (job.state, job.attempts) == ("FAILED", working.ATTEMPTS_MAX)


def test_an_unblock_that_fails_leaves_the_block(acme, ana, door, thread, settings):
    settings.GRAPH_API_URL = "https://graph.test"
    put(acme, thread)
    ana.send("DELETE", door)
    with responses.RequestsMock() as meta:
        url = f"https://graph.test/v25.0/{NUMBER}/block_users"
        meta.delete(url, json=refused(100), status=400)
        meta.get(url, json={"data": [{"wa_id": MARIA}]})
        run_all(acme)

    with context.tenant(acme.schema_name):
        block = Block.objects.get()
    assert (block.state, block.error_code) == ("BLOCKED", 100)
    assert block.error


def test_a_refused_message_tells_who_is_blocked(acme, thread):
    with context.tenant(acme.schema_name):
        message = add(thread, "Oi", status="FAILED", error_code=130403)
        before = Change.objects.count()

        block_rows.learn(message_ids=[message.pk])
        block_rows.learn(message_ids=[message.pk])

        assert Change.objects.count() == before + 1
    assert states(acme) == ["BLOCKED"]


def test_a_merged_contact_is_blocked_all_the_same(acme, ana, door, thread, settings):
    ana.post(door)
    with context.tenant(acme.schema_name):
        kept = Contact.objects.create(profile_name="Maria")
        thread.contact.identities.update(contact=kept)
        Block.objects.update(contact=kept)
        Conversation.objects.update(contact=kept)
        Contact.objects.filter(pk=thread.contact_id).update(merged_into=kept)
    with simulated.serving(settings) as meta:
        run_all(acme)
        assert meta.number(NUMBER)["blocked"] == [MARIA]

    assert states(acme) == ["BLOCKED"]


# --- rules ----------------------------------------------------------------------------------------
def test_only_who_wrote_within_a_day_is_blocked(acme, phones, actor, thread):
    now = timezone.now()
    ana = actor("ana@acme.test")
    with context.tenant(acme.schema_name):
        for hours, refused_ in ((24.01, True), (23.9, False)):
            Conversation.objects.update(window_opened_at=now - timedelta(hours=hours))
            if refused_:
                with pytest.raises(blocking.BlockTooLateError):
                    blocking.block(actor=ana, contact=thread.contact, phone=thread.phone, now=now)
            else:
                blocking.block(actor=ana, contact=thread.contact, phone=thread.phone, now=now)


def test_a_contact_who_never_wrote_is_not_blocked(acme, ana, door, thread):
    with context.tenant(acme.schema_name):
        Conversation.objects.update(window_opened_at=None)

    check_problem(ana.post(door), 409, "block_too_late")
    assert states(acme) == []


def test_a_contact_without_any_name_cannot_be_blocked(acme, ana, door, thread):
    with context.tenant(acme.schema_name):
        thread.contact.identities.update(kind="PARENT_BSUID")

    check_problem(ana.post(door), 409, "contact_nameless")


@pytest.mark.parametrize(
    ("state", "post", "delete"),
    [
        (None, 202, 409),
        ("REFUSED", 202, 409),
        ("BLOCKING", 202, 409),
        ("BLOCKED", 409, 202),
        ("UNBLOCKING", 409, 202),
    ],
)
def test_what_is_so_already_is_said(acme, ana, door, thread, state, post, delete):
    if state is not None:
        put(acme, thread, state, error="x")

    assert ana.send("DELETE", door).status_code == delete
    with context.tenant(acme.schema_name):
        Block.objects.update(state=state)
    assert ana.post(door).status_code == post


def test_asked_twice_it_is_done_once(acme, ana, door):
    assert ana.post(door).json()["id"] == ana.post(door).json()["id"]


def test_nothing_is_sent_to_who_is_blocked(acme, ana, base, thread):
    body = {"conversation": thread.pk, "type": "text", "text": {"body": "Oi"}}
    put(acme, thread)

    check_problem(ana.post(f"{base}/messages/send", body), 409, "contact_blocked")
    with context.tenant(acme.schema_name):
        assert not Message.objects.filter(direction="OUTBOUND").exists()
        Block.objects.update(state="REFUSED")
    assert ana.post(f"{base}/messages/send", body).status_code == 202


# --- doors of the API -----------------------------------------------------------------------------
def test_viewers_read_and_do_not_block(people, base, door, acme):
    vera = api_of(people["vera@acme.test"])

    assert vera.get(door).json() == {"results": []}
    assert vera.get(f"{base}/blocks/").json()["results"] == []
    check_problem(vera.post(door), 403, "forbidden")
    check_problem(vera.send("DELETE", door), 403, "forbidden")
    check_problem(vera.post(f"{base}/blocks/refresh"), 403, "forbidden")
    assert run_all(acme) == []


def test_another_tenants_contacts_do_not_exist(people, base, door, acme, globex, phones, thread):
    public = api_of(people["admin@globex.test"], public=True)
    own = api_of(people["admin@globex.test"])
    theirs = f"/api/v1/tenant/{globex.pk}/contacts/{thread.contact_id}/block"
    put(acme, thread)

    for answer in (
        public.get(door),
        public.post(door),
        public.send("DELETE", door),
        public.get(f"{base}/blocks/"),
        public.post(f"{base}/blocks/refresh"),
        own.get(theirs),
        own.post(theirs),
        own.send("DELETE", theirs),
        own.post(f"/api/v1/tenant/{globex.pk}/blocks/refresh?phone=999"),
    ):
        check_problem(answer, 404, "not_found")
    assert own.get(f"/api/v1/tenant/{globex.pk}/blocks/").json()["results"] == []


def test_with_several_numbers_one_is_named(acme, ana, door, base, thread, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.create(phone_number_id="55555", waba_id="777777", name="x")

    check_problem(ana.post(door), 400, "phone_needed")
    check_problem(ana.post(f"{door}?phone=x"), 400, "invalid")
    check_problem(ana.post(f"{door}?phone=999"), 404, "not_found")
    check_problem(ana.get(f"{base}/blocks/?x=1"), 400, "invalid")
    assert ana.post(f"{door}?phone={phones['acme'].pk}").status_code == 202
    assert len(ana.get(f"{door}?phone={phones['acme'].pk}").json()["results"]) == 1


def test_a_number_that_was_let_go_blocks_nobody(acme, ana, door, base, phones):
    with context.tenant(acme.schema_name):
        Phone.objects.update(status="INACTIVE")

    number = phones["acme"].pk
    check_problem(ana.post(f"{door}?phone={number}"), 409, "number_away")
    check_problem(ana.post(f"{base}/blocks/refresh?phone={number}"), 409, "number_away")


def test_the_list_is_read_in_a_fixed_number_of_queries(acme, ana, base, phones):
    with context.tenant(acme.schema_name):
        for number in range(12):
            contact = Contact.objects.create(profile_name=str(number))
            Block.objects.create(contact=contact, phone=phones["acme"], state="BLOCKED")
    with Queries() as queries:
        page = ana.get(f"{base}/blocks/?limit=10&phone={phones['acme'].pk}").json()

    assert len(page["results"]) == 10
    assert page["next"]
    assert len(queries) <= 4, queries.statements


# --- the pages ------------------------------------------------------------------------------------
def test_a_thread_blocks_and_says_what_became_of_it(page, acme, thread):
    browser = page("ana@acme.test")
    shown = browser.get(f"/inbox/{thread.pk}/").content.decode()
    assert "Block this customer" in shown
    assert "data-blocked" not in shown

    answer = browser.post(
        f"/contacts/{thread.contact_id}/block", {"phone": thread.phone_id}, headers=PART
    )

    assert (answer.status_code, answer["HX-Trigger"]) == (204, "inbox:behind")
    assert states(acme) == ["BLOCKING"]
    assert "Being blocked" in browser.get(f"/inbox/{thread.pk}/").content.decode()
    with context.tenant(acme.schema_name):
        Block.objects.update(state="BLOCKED")
    fragments = browser.get(f"/inbox/changes?after=0&open={thread.pk}", headers=PART)
    shown = fragments.content.decode()
    assert "data-blocked" in shown
    assert "Blocked on +55 11 4000-1001" in shown


def test_a_thread_says_why_whatsapp_refused(page, acme, thread):
    put(acme, thread, "REFUSED", error="Try later.", error_code=139103)

    shown = page("ana@acme.test").get(f"/inbox/{thread.pk}/").content.decode()

    assert "Try later." in shown
    assert "data-blocked" not in shown


def test_without_scripts_the_forms_lead_back(page, acme, thread):
    browser = page("ana@acme.test")
    back = f"/inbox/{thread.pk}/"
    form = {"phone": thread.phone_id, "next": back}

    assert browser.post(f"/contacts/{thread.contact_id}/block", form)["Location"] == back
    with context.tenant(acme.schema_name):
        Block.objects.update(state="BLOCKED")
    form["next"] = "https://elsewhere.example"
    answer = browser.post(f"/contacts/{thread.contact_id}/unblock", form)
    assert answer["Location"] == "/contacts/blocked/"
    assert states(acme) == ["UNBLOCKING"]


def test_the_list_shows_who_is_blocked_and_reads_it_anew(page, acme, thread, phones):
    put(acme, thread)
    browser = page("ana@acme.test")

    shown = browser.get("/contacts/blocked/").content.decode()
    assert "Maria" in shown
    answer = browser.post("/contacts/blocked/refresh", {"phone": phones["acme"].pk})

    assert answer["Location"] == "/contacts/blocked/"
    with context.tenant(acme.schema_name):
        assert Job.objects.get().kind == "BLOCKS_READ"
    assert "Unblock" not in page("vera@acme.test").get("/contacts/blocked/").content.decode()


def test_the_pages_are_for_the_tenants_people(page, acme, thread):
    put(acme, thread)
    viewer, stranger = page("vera@acme.test"), page("admin@globex.test")
    form = {"phone": thread.phone_id}

    for act in (f"{thread.contact_id}/block", f"{thread.contact_id}/unblock"):
        assert viewer.post(f"/contacts/{act}", form).status_code == 403
        assert stranger.post(f"/contacts/{act}", form).status_code == 404
        assert page("ana@acme.test").post(f"/contacts/{act}", {"phone": "x"}).status_code == 400
    assert viewer.post("/contacts/blocked/refresh", form).status_code == 403
    assert stranger.post("/contacts/blocked/refresh", {"phone": 999}).status_code == 404
    assert "Maria" not in stranger.get("/contacts/blocked/").content.decode()
    assert states(acme) == ["BLOCKED"]
