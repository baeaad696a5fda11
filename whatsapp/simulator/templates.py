"""Templates of the simulated accounts."""

from dataclasses import dataclass, field
from typing import Any

from whatsapp.simulator import template_seed

Json = dict[str, Any]
REUSE_SECONDS = 30 * 86400.0
EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})


@dataclass(slots=True)
class Template:
    """One template in one language."""

    template_id: str
    name: str
    language: str
    category: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"
    status: str = "APPROVED"
    quality: str = "UNKNOWN"
    reason: str = "NONE"
    edits: list[float] = field(default_factory=list)  # of the approved one

    def as_json(self) -> Json:
        """As the list shows it."""
        return {
            "id": self.template_id,
            "name": self.name,
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "components": self.components,
            "parameter_format": self.parameter_format,
            "quality_score": {"score": self.quality, "date": 1700000000},
            "rejected_reason": self.reason,
        }


@dataclass(slots=True)
class Catalog:
    """All templates, by account; ids count up so that every run has the same."""

    _of: dict[str, list[Template]] = field(default_factory=dict)
    _gone: dict[tuple[str, str], float] = field(default_factory=dict)
    _last_id: int = 594425479261500

    def of(self, waba_id: str) -> list[Template]:
        """Return an account's templates; a new account starts with a few."""
        if waba_id not in self._of:
            self._of[waba_id] = []
            for name, category, components in template_seed.SEED:
                self.add(waba_id, name, "pt_BR", category, components)
        return self._of[waba_id]

    def add(
        self, waba_id: str, name: str, language: str, category: str, components: list[Json]
    ) -> Template:
        """Put one more there."""
        self._last_id += 1
        made = Template(str(self._last_id), name, language, category, components)
        self.of(waba_id).append(made)
        return made

    def remove(self, waba_id: str, template: Template, *, now: float) -> None:
        """Forget one; for a while the name of one that was approved is not free."""
        self.of(waba_id).remove(template)
        if template.status == "APPROVED":
            self._gone[waba_id, template.name] = now

    def is_going(self, waba_id: str, name: str, *, now: float) -> bool:
        """Whether a template of this name is still being deleted."""
        return now < self._gone.get((waba_id, name), -REUSE_SECONDS) + REUSE_SECONDS

    def named(self, waba_id: str, name: str, language: str) -> Template | None:
        """Find one by what a send names it by."""
        found = (t for t in self.of(waba_id) if (t.name, t.language) == (name, language))
        return next(found, None)

    def by_id(self, waba_ids: set[str], template_id: str) -> tuple[str, Template] | None:
        """Find one among those of some accounts."""
        for waba_id in sorted(waba_ids):
            for template in self.of(waba_id):
                if template.template_id == template_id:
                    return waba_id, template
        return None
