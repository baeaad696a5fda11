"""How many requests one address may send, asked before anybody works for it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config.errors import problem_of, respond
from tenants import limits, trace
from tenants.services import requests
from tenants.services.requests import RateLimitedError


class AddressLimitMiddleware:
    """Count what strangers ask for; the API counts those whom it knows itself, with their plan.

    Webhooks do not pass here, nor do files and health.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith("/api/")
        if not is_api and request.user.is_authenticated:
            return self.get_response(request)
        address = trace.current.get().ip_address
        try:
            requests.check_address(address)
        except RateLimitedError as refusal:
            return respond(request, problem_of(refusal))  # type: ignore[arg-type] # it has one
        response = self.get_response(request)
        if not getattr(request, "is_counted", False):
            counts = requests.count(tenant=None, address=address)
            if is_api:
                limits.tell(response, counts)
        return response
