"""Signing in and out on a tenant's host."""

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tenants import access, throttling
from tenants.forms import LoginForm
from tenants.permissions import Actor
from tenants.services import credentials, support


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
def log_in(request: HttpRequest) -> HttpResponse:
    """Show the log-in page, or start a session bound to this tenant."""
    back = access.own_path(
        request.POST.get("next") or request.GET.get("next", ""), settings.LOGIN_REDIRECT_URL
    )
    if request.method == "GET":
        if request.actor is not None:  # type: ignore[attr-defined]
            return HttpResponseRedirect(back)
        return render(request, "tenants/login.html", {"form": LoginForm(initial={"next": back})})
    form = LoginForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            access.begin_session(
                request,
                credentials.member(
                    tenant=request.tenant,  # type: ignore[attr-defined]
                    email=form.cleaned_data["email"],
                    password=form.cleaned_data["password"],
                ),
            )
        except (credentials.RefusedError, throttling.TooManyFailuresError) as refusal:
            form.add_error(None, str(refusal))
            status = refusal.http_status
        else:
            return HttpResponseRedirect(back)
    return render(request, "tenants/login.html", {"form": form}, status=status)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session and forget everything in it; or the support access that it came by."""
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    if actor is not None and actor.user is not None and actor.support is not None:
        support.end(actor=actor.user, access=actor.support, now=timezone.now())
        return HttpResponseRedirect(access.SUPPORT_OVER_URL)
    auth.logout(request)
    return HttpResponseRedirect(settings.LOGIN_URL)
