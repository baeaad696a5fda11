"""Why a well-formed send is refused all the same: windows, limits, people's own wishes."""

from whatsapp.simulator import recipients
from whatsapp.simulator.chats import Chat
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.limits import Limits
from whatsapp.simulator.validation import Outgoing
from whatsapp.simulator.world import World


def of_send(world: World, limits: Limits, chat: Chat, outgoing: Outgoing) -> int:
    """Return the code with which a send fails later, 0 for none. Raises: GraphError, at once."""
    settings = world.settings
    number, person = chat.phone.phone_number_id, recipients.match_key(chat.person.wa_id)
    with_app = world.numbers[number].is_on_biz_app
    limits.check_send(settings, number=number, person=person, is_on_biz_app=with_app)
    if outgoing.category == "MARKETING" and number in chat.person.stopped:
        return 131050
    if outgoing.identity_hash not in ("", chat.person.identity_hash):
        return 137000
    if not world.window_open(chat):
        if outgoing.type != "template":
            return _later(131047, later=settings.window_later)
        if not limits.may_begin(settings, waba_id=chat.phone.waba_id, person=person):
            return _later(settings.portfolio_code, later=settings.portfolio_later)
    return 0


def _later(code: int, *, later: bool) -> int:
    if later:
        return code
    raise GraphError(code)
