"""Which files a number needs at Meta. Nothing here calls Meta: ``uploads`` does, in a task."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from whatsapp.models import MediaUpload

# An id that ends so soon is not trusted with a message that may wait for a while.
MARGIN = timedelta(days=1)
Way = tuple[int, int]  # which file to which number


def want(*, file_id: int, phone_id: int, now: datetime) -> bool:
    """Have a file handed over to Meta for a number; tell whether there is anything to do.

    An id that Meta gave before is good until it ends. In the caller's transaction: locks the row,
    so that whoever gives an upload up either sees the message that wants it, or is seen here.
    """
    upload, made = MediaUpload.objects.select_for_update(no_key=True).get_or_create(
        file_id=file_id, phone_id=phone_id, defaults={"due_at": now}
    )
    if made or upload.state == MediaUpload.State.PENDING:
        return True
    ends_at = upload.expires_at
    if upload.state == MediaUpload.State.READY and ends_at and ends_at > now + MARGIN:
        return False
    MediaUpload.objects.filter(pk=upload.pk).update(
        state=MediaUpload.State.PENDING, due_at=now, attempts=0, error_code=None, error_detail=""
    )
    return True


def renew(*, used: Mapping[Way, str], now: datetime) -> set[Way]:
    """Have files handed over anew whose ids, as they were used, Meta does not know any more.

    Once in a row: returns the ways that have another id now, or will. In the caller's transaction,
    before messages are locked.
    """
    renewed = set()
    for file_id, phone_id in sorted(used):
        uploads = MediaUpload.objects.filter(file_id=file_id, phone_id=phone_id)
        upload = uploads.select_for_update(no_key=True).first()
        if upload is None or upload.state == MediaUpload.State.FAILED:
            continue
        if upload.media_id == used[file_id, phone_id] and upload.state == MediaUpload.State.READY:
            if upload.is_renewed:
                continue
            uploads.update(state=MediaUpload.State.PENDING, due_at=now, attempts=0, is_renewed=True)
        renewed.add((file_id, phone_id))
    return renewed


def proved(*, ways: Iterable[Way]) -> None:
    """Note that Meta took messages with these uploads: they may be renewed again one day."""
    for file_id, phone_id in sorted(set(ways)):
        MediaUpload.objects.filter(file_id=file_id, phone_id=phone_id, is_renewed=True).update(
            is_renewed=False
        )
