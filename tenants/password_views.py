"""A new password: for those who forgot theirs, and for those who are at work."""

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tenants import access
from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError
from tenants.forms import ChangePasswordForm, ForgottenForm, NameForm, NewPasswordForm, tried
from tenants.permissions import Permission
from tenants.services import passwords


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask whose password it is; what is said then is the same for every address."""
    tenant = request.tenant  # type: ignore[attr-defined]
    form = ForgottenForm(request.POST or None)
    status = 400 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            language = get_language() or "en"
            passwords.ask(tenant=tenant, email=email, language=language, now=timezone.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            status = refusal.http_status
        else:
            return render(request, "tenants/forgotten_sent.html", {"email": email})
    shown = {"form": form, "is_off": not settings.MAIL_IS_SET_UP}
    return render(request, "tenants/forgotten.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def password(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever has a letter's link choose a password, and come in with it."""
    tenant = request.tenant  # type: ignore[attr-defined]
    owner = passwords.opened(tenant=tenant, token=token)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not tenant.is_active:
            raise access.TenantSuspendedError

        def renew() -> HttpResponse:
            chosen = form.cleaned_data["password"]
            user = passwords.renew(tenant=tenant, token=token, password=chosen)
            access.begin_session(request, user)
            return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)

        if (done := tried(form, renew)) is not None:
            return done
    status = 400 if form.errors else 200
    shown = {"form": form, "owner": owner}
    return access.unreferred(render(request, "tenants/password.html", shown, status=status))


@never_cache
@sensitive_post_parameters("present", "password")
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.OWN_SESSIONS)
def profile(request: OperatorRequest) -> HttpResponse:
    """Show who one is, and let him change his name, or his password."""
    passwords.require_own(actor=request.actor)
    is_name = "name" in request.POST
    name = NameForm(request.POST if is_name else None, initial={"name": request.actor.user})
    is_secret = request.method == "POST" and not is_name
    secret = ChangePasswordForm(request.POST if is_secret else None)

    def rename() -> HttpResponse:
        passwords.rename(actor=request.actor, **name.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("profile")

    def change() -> HttpResponse:
        user = passwords.change(actor=request.actor, **secret.cleaned_data)
        auth.update_session_auth_hash(request, user)
        said = _("Your password is another one. You are signed out everywhere else.")
        messages.success(request, said)
        return redirect("profile")

    form, act = (name, rename) if is_name else (secret, change)
    if request.method == "POST" and form.is_valid() and (done := tried(form, act)) is not None:
        return done
    shown = {"name_form": name, "password_form": secret}
    status = 400 if form.errors else 200
    return render(request, "tenants/profile.html", shown, status=status)
