"""The console's site: who gets in, what its first page and its menu show."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import django_otp
import segno
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Count, Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.sites import UnfoldAdminSite

from tenants import access, throttling
from tenants.console import ConsoleAdmin, ConsoleRequest
from tenants.models import Tenant, User
from tenants.services import credentials, people, second_factor
from whatsapp.webhooks import backlog

SESSION_SECONDS = 12 * 3600
# Its scripts are compiled in the page, its colors written into it. Tenants' pages allow neither.
CSP = {"script-src": ["'self'", "'unsafe-eval'"], "style-src": ["'self'", "'unsafe-inline'"]}


class LoginForm(AuthenticationForm):
    """Password first; the second factor has a page of its own."""

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("username") and given.get("password"):
            try:
                self.user_cache = credentials.super_admin(
                    email=given["username"], password=given["password"]
                )
            except (credentials.RefusedError, throttling.TooManyFailuresError) as refusal:
                raise ValidationError(str(refusal), code=refusal.code) from refusal
        return given


class PasswordForm(AdminOwnPasswordChangeForm):
    """The old password and the new one twice."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002 - Django's signature
        """Call the service; the form's own way would leave API sessions alive, unaudited."""
        people.set_password(
            actor=self.user, user=self.user, password=self.cleaned_data["new_password1"]
        )
        return self.user


class ChoiceView(AutocompleteJsonView):
    """What a field with a search offers. People may share a name, never an address."""

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        result = super().serialize_result(obj, to_field_name)
        return {**result, "text": f"{obj} · {obj.email}"} if isinstance(obj, User) else result


class ConsoleSite(UnfoldAdminSite):
    """Super-admins only, on the public host only, with a second factor outside the demo."""

    index_template = "console/index.html"
    index_title = gettext_lazy("Overview")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: "type[admin.ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """Take our own pages only: a library's would write without a service, and unaudited."""
        if admin_class is not None and issubclass(admin_class, ConsoleAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        # django-otp's middleware gave the user this method.
        verified: Callable[[], bool] = getattr(request.user, "is_verified", bool)
        return _is_super_admin(request) and (settings.BALCAO_DEMO or verified())

    def get_urls(self) -> list[Any]:
        own = path("second-factor/", self.second_factor, name="second_factor")
        return [own, *super().get_urls()]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest  # no text in PostgreSQL holds a NUL, and filters would ask
            if request.method == "POST" and _is_somebody_else(request):
                raise PermissionDenied  # an act, not a page to come back to after a login
            with timezone.override(settings.DISPLAY_TIME_ZONE):
                response: HttpResponse = inner(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        return csp_update(CSP)(guarded)

    @method_decorator([csp_update(CSP), never_cache, sensitive_post_parameters("password")])
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take the password and go on to where he wanted, by way of the second factor."""
        back = _back(request)
        if request.method == "GET" and _is_super_admin(request):
            after = back if self.has_permission(request) else self._second_factor_path(back)
            return HttpResponseRedirect(after)
        form = LoginForm(request, data=request.POST or None)
        if request.method == "POST" and form.is_valid():
            access.begin_session(request, form.get_user())
            request.session.set_expiry(SESSION_SECONDS)
            return HttpResponseRedirect(back)
        context = {
            **self.each_context(request),
            "title": _("Sign in"),
            "app_path": request.get_full_path(),
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/login.html", context)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return ChoiceView.as_view(admin_site=self)(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Let a super-admin give himself a new password, as the service does it for others."""
        view = PasswordChangeView.as_view(
            form_class=PasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    @method_decorator([csp_update(CSP), never_cache, sensitive_post_parameters("code")])
    def second_factor(self, request: ConsoleRequest) -> HttpResponse:
        """Show the key as a picture until a first code came from it; ask for a code after that."""
        if not _is_super_admin(request):
            return HttpResponseRedirect(reverse("admin:login"))
        if request.method == "POST":
            try:
                device = second_factor.check(user=request.user, code=request.POST.get("code", ""))
            except second_factor.WrongCodeError as refusal:
                return self._ask_for_code(request, str(refusal), status=refusal.http_status)
            django_otp.login(request, device)
            return HttpResponseRedirect(_back(request))
        return self._ask_for_code(request)

    def _ask_for_code(
        self, request: ConsoleRequest, error: str = "", status: int = 200
    ) -> HttpResponse:
        device = second_factor.device_of(request.user)
        context = {
            **self.each_context(request),
            "title": _("Second factor"),
            "error": error,
            "next": _back(request),
        }
        if not device.confirmed:
            context["picture"] = segno.make(device.config_url).svg_data_uri(scale=5, border=2)
            context["key"] = device.config_url.partition("secret=")[2].partition("&")[0]
        return TemplateResponse(request, "console/second_factor.html", context, status=status)

    def _second_factor_path(self, back: str) -> str:
        return f"{reverse('admin:second_factor')}?{urlencode({'next': back})}"


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the first page shows: a few figures, none of them from a tenant's schema."""
    waiting = backlog.figures()
    by_status = dict(Tenant.objects.values_list("status").annotate(Count("id")))
    parked = reverse("admin:webhooks_parkedunit_changelist")
    context["is_behind"] = waiting.oldest_unprocessed_seconds > backlog.BEHIND_SECONDS
    context["figures"] = [
        (_("Active tenants"), by_status.get(Tenant.Status.ACTIVE, 0), _list("tenants_tenant")),
        (
            _("Suspended tenants"),
            by_status.get(Tenant.Status.SUSPENDED, 0),
            _list("tenants_tenant") + "?status__exact=SUSPENDED",
        ),
        (
            _("Deliveries in the last day"),
            backlog.received_since(timezone.now() - timedelta(days=1)),
            _list("webhooks_webhookdelivery"),
        ),
        (
            _("Oldest unprocessed"),
            _("%(count)d s") % {"count": waiting.oldest_unprocessed_seconds},
            _list("webhooks_webhookdelivery") + "?state__exact=NEW",
        ),
        (
            _("Parked units waiting"),
            sum(waiting.parked.values()),
            f"{parked}?state__exact=PARKED",
        ),
    ]
    return context


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu."""
    groups = {
        _("Customers"): [
            (_("Tenants"), "apartment", "tenants_tenant"),
            (_("Plans"), "sell", "tenants_plan"),
            (_("Rates"), "payments", "tenants_rate"),
        ],
        _("People"): [
            (_("Users"), "person", "tenants_user"),
            (_("Memberships"), "group", "tenants_membership"),
        ],
        "WhatsApp": [
            (_("Numbers"), "call", "webhooks_phoneroute"),
            (_("Meta apps"), "key", "webhooks_metaapp"),
            (_("Deliveries"), "move_to_inbox", "webhooks_webhookdelivery"),
            (_("Ledger"), "fact_check", "webhooks_ledger"),
            (_("Parked units"), "inventory_2", "webhooks_parkedunit"),
        ],
        _("Records"): [
            (_("Audit events"), "history", "tenants_auditevent"),
            (_("Support accesses"), "login", "tenants_supportaccess"),
            (_("E-mails"), "mail", "tenants_mail"),
        ],
    }
    return [
        {
            "title": title,
            "separator": title != _("Customers"),
            "items": [_item(request, *item) for item in items],
        }
        for title, items in groups.items()
    ]


def _item(request: HttpRequest, title: str, icon: str, name: str) -> dict[str, Any]:
    """Return a menu's item; a page of its own lies below a list's address, and is not it."""
    link = _list(name)
    is_own = request.path == reverse("admin:webhooks_ledger")
    active = request.path == link if is_own else request.path.startswith(link)
    return {"title": title, "icon": icon, "link": link, "active": active}


def _list(name: str) -> str:
    """Return the address of a model's list, or of a page of its own."""
    own = {"webhooks_ledger"}
    return reverse(f"admin:{name}" if name in own else f"admin:{name}_changelist")


def _is_super_admin(request: HttpRequest) -> bool:
    user = request.user
    on_public_host = getattr(request, "tenant", None) is None
    return on_public_host and user.is_authenticated and user.is_active and user.is_superuser


def _is_somebody_else(request: HttpRequest) -> bool:
    return request.user.is_authenticated and not _is_super_admin(request)


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return access.own_path(wanted, reverse("admin:index"))
