"""The jobs that set and remove callback overrides, and then look at the numbers again."""

from whatsapp.client import overrides
from whatsapp.models import Job, Phone
from whatsapp.services import jobs, kinds
from whatsapp.services.kinds import JobKind, Work


def _set(work: Work) -> None:
    given, token = work.job.arguments, work.secrets["verify_token"]
    if "phone" in given:
        client, number = work.number(given["phone"]), work.job.subject
        overrides.set_for_number(
            client, phone_number_id=number, uri=given["uri"], verify_token=token
        )
    else:
        client, account = work.account(given["waba_id"]), given["waba_id"]
        overrides.set_for_account(client, waba_id=account, uri=given["uri"], verify_token=token)
    # Everybody may read a job, and a query may hold somebody's secret.
    work.job.result = {"override_callback_uri": given["uri"].partition("?")[0]}
    _look_again(given)


def _remove(work: Work) -> None:
    given = work.job.arguments
    if "phone" in given:
        client = work.number(given["phone"])
        overrides.remove_for_number(client, phone_number_id=work.job.subject)
    else:
        client = work.account(given["waba_id"])
        overrides.remove_for_account(client, waba_id=given["waba_id"])
    work.job.result = {"override_callback_uri": None}
    _look_again(given)


def _look_again(given: dict[str, object]) -> None:
    """Check the numbers that this is about: their pages say where events go."""
    place = {"pk": given["phone"]} if "phone" in given else {"waba_id": given["waba_id"]}
    for phone in Phone.objects.filter(status=Phone.Status.ACTIVE, **place).order_by("pk"):
        jobs.start(
            author=None,
            kind=Job.Kind.NUMBER_CHECK,
            subject=phone.phone_number_id,
            arguments={"phone": phone.pk},
            single=True,
        )


_BOTH = (Job.Kind.CALLBACK_SET, Job.Kind.CALLBACK_REMOVE)
kinds.register(
    JobKind(Job.Kind.CALLBACK_SET, _set, outdated_by=_BOTH),
    JobKind(Job.Kind.CALLBACK_REMOVE, _remove, outdated_by=_BOTH),
)
