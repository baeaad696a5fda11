"""The page with Meta's Embedded Signup, and what becomes of it."""

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from tenants.access import OperatorRequest, role_required
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Permission
from whatsapp import selectors
from whatsapp.forms.signup import SignupForm
from whatsapp.models import Job
from whatsapp.services import signups

# Meta's script and its frames run on this page and on no other. Nothing inline, nothing evaluated.
CSP = {
    "script-src": ["'self'", "https://connect.facebook.net"],
    "frame-src": ["https://www.facebook.com", "https://web.facebook.com"],
    "connect-src": ["'self'", "https://www.facebook.com", "https://graph.facebook.com"],
}


@csp_update(CSP)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Permission.MANAGE_NUMBERS)
def signup(request: OperatorRequest) -> HttpResponse:
    """Offer the sign-up, and take what it brought back."""
    app = signups.app()
    if app is None:
        raise NotFoundError
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = signups.start(actor=request.actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("number_signing_up", job.pk)
    if any(form.errors.get(field.name) for field in form.hidden_fields()):
        form.add_error(None, _("The sign-up was not finished. Nothing is changed here."))
    context = {
        "form": form,
        "app_id": app.app_id,
        "config_id": settings.META_SIGNUP_CONFIG_ID,
        "version": settings.GRAPH_API_VERSION,
        "sdk_url": settings.META_SDK_URL,
    }
    status = 400 if form.errors else 200
    response = render(request, "whatsapp/numbers/signup.html", context, status=status)
    # Meta's window tells the page how it ended, and wants to know which page that is.
    response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    response["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


@never_cache
@require_safe
@role_required(Permission.MANAGE_NUMBERS)
def signing_up(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show how far a sign-up is."""
    job = selectors.job_for(request.actor, pk, kinds=[Job.Kind.SIGNUP])
    return render(request, "whatsapp/numbers/signing_up.html", {"job": job})
