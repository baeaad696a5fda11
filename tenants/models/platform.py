"""Who the customers are and who works for them. Everything here lives in the shared schema."""

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin


class Plan(models.Model):
    """What a tenant pays for; its limits come as columns with the features that they limit."""

    class Code(models.TextChoices):
        STARTER = "STARTER", _("Starter")
        PROFESSIONAL = "PROFESSIONAL", _("Professional")
        ENTERPRISE = "ENTERPRISE", _("Enterprise")

    code = models.CharField(_("code"), max_length=20, choices=Code, unique=True)
    name = models.CharField(_("name"), max_length=80)
    messages_per_second = models.PositiveIntegerField(
        _("messages a second"),
        null=True,
        blank=True,
        help_text=_("Of all its numbers together. Empty: as many as WhatsApp allows."),
    )
    messages_per_month = models.PositiveIntegerField(
        _("messages a month"),
        null=True,
        blank=True,
        help_text=_("That it sends in a calendar month of UTC. Empty: as many as it likes."),
    )
    requests_per_hour = models.PositiveIntegerField(
        _("API requests an hour"),
        null=True,
        blank=True,
        help_text=_("Of all its programs together. Empty: as many as they like."),
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")

    def __str__(self) -> str:
        return self.name


class Tenant(TenantMixin):
    """One company, in a schema of its own."""

    class Status(models.TextChoices):
        PROVISIONING = "PROVISIONING", _("Provisioning")
        ACTIVE = "ACTIVE", _("Active")
        SUSPENDED = "SUSPENDED", _("Suspended")
        CANCELLED = "CANCELLED", _("Cancelled")
        BROKEN = "BROKEN", _("Broken")

    # These have pages; a suspended one's only show.
    SERVED = (Status.ACTIVE, Status.SUSPENDED)

    auto_create_schema = (
        False  # tenants.services.tenancy creates row, schema and people in one transaction
    )

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    subdomain = models.CharField(_("subdomain"), max_length=63, unique=True)
    plan = models.ForeignKey(Plan, models.PROTECT, verbose_name=_("plan"), related_name="+")
    status = models.CharField(
        _("status"), max_length=20, choices=Status, default=Status.PROVISIONING
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class Domain(DomainMixin):
    """A host name (lower case, without port) that leads to a tenant."""

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        # As the unique index has it, so that the index is used and one row at most is found.
        return self.alias(lowered=Lower("email")).get(lowered=(username or "").lower())


class User(AbstractBaseUser):
    """A person, known to the installation by e-mail address; memberships say where they work.

    Users are deactivated or anonymised, never deleted: tenants' rows point at them unconstrained.
    """

    email = models.EmailField(_("e-mail"), max_length=254)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("super-admin"), default=False)
    token_version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            # Serves log-in: one account an address, whatever its case.
            models.UniqueConstraint(Lower("email"), name="user_email_unique_ci"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.email

    @property
    def is_staff(self) -> bool:
        return self.is_superuser

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser


class Membership(models.Model):
    """A person's place in a tenant."""

    class Role(models.TextChoices):
        ADMIN = "ADMIN", _("Admin")
        OPERATOR = "OPERATOR", _("Operator")
        VIEWER = "VIEWER", _("Viewer")

    user = models.ForeignKey(
        User, models.CASCADE, verbose_name=_("user"), related_name="memberships"
    )
    tenant = models.ForeignKey(
        Tenant, models.CASCADE, verbose_name=_("tenant"), related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    # In this tenant: where else somebody works is nobody's business.
    signed_in_at = models.DateTimeField(_("last sign-in"), null=True, editable=False)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant} · {self.get_role_display()}"


class RefreshSession(models.Model):
    """One sign-in of an API client: the family of its refresh tokens, of which one is current."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="refresh_sessions")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    # Of a super-admin who is no member: it ends with what let him in.
    support = models.ForeignKey(
        "tenants.SupportAccess", models.CASCADE, null=True, related_name="+"
    )
    current_jti = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    used_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class LoginFailure(models.Model):
    """A refused sign-in; recent ones slow the next tries down, also when Redis is gone."""

    key = models.CharField(max_length=128)  # a keyed hash of the account or of the address
    at = models.DateTimeField(db_default=Now())

    class Meta:
        # Serves throttling: the failures of a key since a moment.
        indexes = [models.Index(fields=["key", "-at"], name="login_failure_key_at")]

    def __str__(self) -> str:
        return f"{self.key} {self.at}"


class AuditEvent(models.Model):
    """Who did what to whom. Append-only (a trigger refuses the rest); ids, no personal data."""

    REASON_MAX_CHARACTERS = 500

    tenant = models.ForeignKey(
        Tenant,
        models.DO_NOTHING,
        null=True,
        verbose_name=_("tenant"),
        related_name="+",
        db_constraint=False,
    )
    actor = models.ForeignKey(
        User,
        models.DO_NOTHING,
        null=True,
        verbose_name=_("actor"),
        related_name="+",
        db_constraint=False,
    )
    api_key = models.ForeignKey(
        "tenants.ApiKey",
        models.DO_NOTHING,
        null=True,
        verbose_name=_("API key"),
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    # In which the actor, a super-admin, was in the tenant.
    support = models.ForeignKey(
        "tenants.SupportAccess",
        models.DO_NOTHING,
        null=True,
        verbose_name=_("support access"),
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    action = models.CharField(_("action"), max_length=60)
    target = models.CharField(_("target"), max_length=120)
    changes = models.JSONField(_("changes"), default=dict)
    # In the words of whoever did it; the page asks him to name no customer.
    reason = models.CharField(
        _("reason"), max_length=REASON_MAX_CHARACTERS, blank=True, default="", db_default=""
    )
    request_id = models.CharField(_("request id"), max_length=36, blank=True, default="")
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            # Serves the console's list of one tenant's events, newest first.
            models.Index(fields=["tenant", "-id"], name="audit_tenant_newest"),
            # Serves what was done to one thing, newest first.
            models.Index(fields=["target", "-id"], name="audit_target_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"
