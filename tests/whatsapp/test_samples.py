"""Templates with a file as header: an upload of ours becomes the sample that Meta reviews."""

import copy

import pytest

from tenants import context
from tests import files
from tests.conversations.uploading import config, kept
from whatsapp import rendering
from whatsapp.models import Job, MediaFile, MessageTemplate
from whatsapp.services import samples, templates, working
from whatsapp.services.files import remove
from whatsapp.services.templates import TemplateInvalidError
from whatsapp.simulator import Simulator

pytestmark = pytest.mark.django_db
BODY = {"type": "BODY", "text": "Seu pedido saiu."}


@pytest.fixture(autouse=True)
def _root(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def sim(settings, phones):
    with Simulator(config()).running() as simulator:
        settings.GRAPH_API_URL = simulator.url
        yield simulator


@pytest.fixture
def boss(acme, actor, phones):
    with context.tenant(acme.schema_name):
        yield actor("admin@acme.test")


def header(pk, shape: str = "IMAGE") -> dict:
    return {"type": "HEADER", "format": shape, "example": {"media": pk}}


def create(boss, phones, *parts: dict) -> Job:
    template = {"name": "com_foto", "language": "pt_BR", "category": "UTILITY"}
    return templates.create(
        actor=boss,
        waba_id=phones["acme"].waba_id,
        template={**template, "components": [*parts, BODY]},
    )


def ended(job: Job) -> Job:
    working.run(job_id=job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(
    ("shape", "data"), [("IMAGE", files.PNG), ("VIDEO", files.MP4), ("DOCUMENT", files.PDF)]
)
def test_a_sample_is_handed_in_and_named_by_its_handle(boss, phones, sim, shape, data):
    job = ended(create(boss, phones, header(kept(boss, data).pk, shape)))

    assert job.state == "DONE", job.error
    ((waba_id, made),) = [
        (waba_id, one)
        for waba_id in sim.engine.world.wabas
        for one in sim.engine.world.templates.of(waba_id)
        if one.name == "com_foto"
    ]
    assert waba_id == phones["acme"].waba_id
    (handle,) = made.components[0]["example"]["header_handle"]
    uploads = sim.engine.world.uploads
    assert uploads.sessions[f"upload:{uploads.handles[handle]}"].data == data


def test_an_edit_takes_a_sample_as_well(boss, phones, sim):
    job = ended(create(boss, phones, header(kept(boss).pk)))
    for waiting in Job.objects.filter(kind=Job.Kind.TEMPLATES_SYNC):
        ended(waiting)
    MessageTemplate.objects.filter(name="com_foto").update(status="REJECTED")
    template = MessageTemplate.objects.get(name="com_foto")
    parts = [header(kept(boss, files.PNG).pk), BODY]

    changed = templates.edit(actor=boss, template=template, components=copy.deepcopy(parts))

    assert job.state == "DONE"
    assert changed.arguments["changes"]["components"] == parts


@pytest.mark.parametrize(
    ("shape", "data", "code"),
    [
        ("IMAGE", files.PDF, "file_kind"),
        ("VIDEO", files.JPEG, "file_kind"),
        ("DOCUMENT", files.OGG, "file_kind"),
    ],
)
def test_a_sample_of_another_kind_is_refused(boss, phones, shape, data, code):
    with pytest.raises(TemplateInvalidError) as refusal:
        create(boss, phones, header(kept(boss, data).pk, shape))

    ((place, _sentence, found),) = refusal.value.context["errors"]
    assert (place, found) == (("components", "0", "example", "media"), code)
    assert not Job.objects.exists()


def test_nobody_hands_in_what_another_one_uploaded(boss, phones, actor):
    for pk in (kept(actor("ana@acme.test")).pk, 999, 10**30):
        with pytest.raises(TemplateInvalidError) as refusal:
            create(boss, phones, header(pk))
        assert refusal.value.context["errors"][0][2] == "not_found"


@pytest.mark.parametrize("media", ["51", True, None, [1]])
def test_a_sample_is_an_id(media):
    whole = {"name": "a", "language": "pt_BR", "category": "UTILITY"}
    found = rendering.lint({**whole, "components": [header(media), BODY]})

    assert [one.place[-1] for one in found] == ["media"]


def test_samples_of_cards_are_found():
    card = {"components": [header(7), BODY]}
    parts = [BODY, {"type": "CAROUSEL", "cards": [card, {"components": [header(8)]}]}]
    parts.append({**BODY, "cards": 5})

    found = [(place, part["example"]["media"]) for place, part in samples.named(parts, ())]

    assert found == [
        (("1", "cards", "0", "components", "0"), 7),
        (("1", "cards", "1", "components", "0"), 8),
    ]


def test_a_sample_that_is_gone_fails_the_job_in_words(boss, phones, sim, acme):
    file = kept(boss)
    job = create(boss, phones, header(file.pk))
    remove(tenant_id=acme.pk, key=MediaFile.objects.get().key)

    assert ended(job).state == "FAILED"
    assert job.error == "The sample file is not there any more."


def test_a_sample_is_not_lost_over_a_connection_that_breaks(boss, phones, settings):
    job = create(boss, phones, header(kept(boss).pk))
    settings.GRAPH_API_URL = "http://127.0.0.1:9"

    assert ended(job).state == "QUEUED"
    assert "token" not in job.error
