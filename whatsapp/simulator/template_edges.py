"""GET, POST and DELETE /{waba_id}/message_templates, POST /{template_id}: and the reviews."""

import asyncio
from collections.abc import Mapping
from typing import Any

from whatsapp.simulator import errors, notices, paging, template_rules
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.limits import DAY
from whatsapp.simulator.templates import EDITABLE, Template

_EDITS = 10


async def list_templates(call: Call) -> Answer:
    """A page by Meta's cursors."""
    query, waba_id = call.request.query, call.this_waba().waba_id
    found = [one for one in call.engine.world.templates.of(waba_id) if _matches(one, query)]
    most = call.engine.world.settings.template_page_size
    shown, paging_of = paging.page(call, found, most=most)
    answer: dict[str, Any] = {"data": [one.as_json() for one in shown], "paging": paging_of}
    if "total_count" in query.get("summary", ""):
        answer["summary"] = {"total_count": len(found)}
    return Answer(answer, note=f"{len(shown)} templates")


async def read(call: Call) -> Answer:
    """GET /{template_id}."""
    return Answer(call.this_template()[1].as_json())


async def create(call: Call) -> Answer:
    """Take a template, and review it after a moment."""
    body, waba_id = call.body(), call.this_waba().waba_id
    catalog = call.engine.world.templates
    template_rules.check_names(body)
    name, language, category = body["name"], body["language"], body["category"].upper()
    kind = str(body.get("parameter_format") or "POSITIONAL")
    components = template_rules.checked(
        body.get("components"), category=category, parameter_format=kind
    )
    if catalog.named(waba_id, name, language) is not None:
        raise GraphError(
            100, message="Invalid parameter", subcode=2388024, details="Content already exists."
        )
    settings, now = call.engine.world.settings, call.engine.world.now()
    if settings.limits and catalog.is_going(waba_id, name, now=now):
        raise errors.refusal(2388023)
    call.engine.limits.check_template(settings, waba_id=waba_id)
    made = catalog.add(waba_id, name, language, category, components)
    made.status = "PENDING"
    made.parameter_format = kind.upper()
    call.engine.world.touch()
    _review_soon(call.engine, waba_id, made)
    return Answer({"id": made.template_id, "status": "PENDING", "category": category}, note=name)


async def edit(call: Call) -> Answer:
    """Replace a template's components, and review them after a moment."""
    waba_id, template = call.this_template()
    components = template_rules.checked(
        call.body().get("components"),
        category=template.category,
        parameter_format=template.parameter_format,
    )
    if template.status not in EDITABLE or not _may_edit(call, template):
        raise errors.refusal(2388039)
    template.components, template.status = components, "PENDING"
    call.engine.world.touch()
    _review_soon(call.engine, waba_id, template)
    return Answer({"success": True}, note=template.name)


async def delete(call: Call) -> Answer:
    """Delete one language by `hsm_id`, or every language of a name."""
    query, waba_id = call.request.query, call.this_waba().waba_id
    catalog, name = call.engine.world.templates, query.get("name", "")
    wanted = query.get("hsm_id")
    found = [
        one for one in catalog.of(waba_id) if one.name == name and wanted in (None, one.template_id)
    ]
    if not found:
        raise GraphError(100, message="Invalid parameter", details="No such template.")
    for template in found:
        catalog.remove(waba_id, template, now=call.engine.world.now())
        tell(call.engine, waba_id, template, event="DELETED")
    call.engine.world.touch()
    return Answer({"success": True}, note=name)


def _may_edit(call: Call, template: Template) -> bool:
    """Count an edit of an approved template; once a day, ten times in thirty days, it may be."""
    now = call.engine.world.now()
    if template.status != "APPROVED" or not call.engine.world.settings.limits:
        return True
    of_late = [at for at in template.edits if at > now - 30 * DAY]
    if len(of_late) >= _EDITS or any(at > now - DAY for at in of_late):
        return False
    template.edits.append(now)
    return True


def change(engine: Engine, template_id: str, data: Mapping[str, str]) -> Template | None:
    """Let Meta change its mind: `status`, `quality` or `category`; each is told by a webhook."""
    found = engine.world.templates.by_id(set(engine.world.wabas), template_id)
    if found is None:
        return None
    waba_id, template = found
    if "status" in data:
        template.status = data["status"].upper()
        tell(engine, waba_id, template, event=template.status)
    if "quality" in data:
        before, template.quality = template.quality, data["quality"].upper()
        score = {"previous_quality_score": before, "new_quality_score": template.quality}
        _send(engine, waba_id, "message_template_quality_update", {**_names(template), **score})
    if "category" in data:
        before, template.category = template.category, data["category"].upper()
        both = {"previous_category": before, "new_category": template.category}
        _send(engine, waba_id, "template_category_update", {**_names(template), **both})
    engine.world.touch()
    return template


def tell(engine: Engine, waba_id: str, template: Template, *, event: str) -> None:
    """Send the webhook of a template's status."""
    reason = None if event == "DELETED" else template.reason
    value = {
        "event": event,
        **_names(template),
        "reason": reason,
        "message_template_category": template.category,
    }
    _send(engine, waba_id, "message_template_status_update", value)


def _review_soon(engine: Engine, waba_id: str, template: Template) -> None:
    world = engine.world
    catalog = world.templates

    def review() -> None:
        # After a reset, or a deletion, there is nothing to review.
        if world.templates is catalog and template in catalog.of(waba_id):
            rejected = world.settings.template_reject
            template.status = "REJECTED" if rejected else "APPROVED"
            template.reason = "INVALID_FORMAT" if rejected else "NONE"
            tell(engine, waba_id, template, event=template.status)
            world.touch()

    asyncio.get_running_loop().call_later(world.settings.template_review_seconds, review)


def _names(template: Template) -> dict[str, Any]:
    return {
        "message_template_id": int(template.template_id),  # a number here, a text in the list
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def _send(engine: Engine, waba_id: str, field: str, value: dict[str, Any]) -> None:
    notices.send(engine, engine.world.wabas[waba_id], field, value)


def _matches(template: Template, query: Mapping[str, str]) -> bool:
    name, status = query.get("name"), query.get("status")
    return name in (None, template.name) and status in (None, template.status)
