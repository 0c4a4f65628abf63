"""The people who work here."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from people.models.store import Store
from people.permissions import GRANTS, OFFICE_ROLES, Permission, Role
from regalpos import ids


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """One person who signs in. Rights come from `GRANTS` by role; there is no superuser.

    `session_epoch` rises when the password, the role or the right to be here changes: whatever
    was signed in under an older epoch is out.
    """

    id = models.UUIDField(primary_key=True, default=ids.new, editable=False)
    username = models.CharField(
        _("username"),
        max_length=30,
        validators=[
            MinLengthValidator(3),
            RegexValidator(r"^[A-Za-z0-9_-]+$", _("Letters, digits, _ and - only.")),
        ],
    )
    full_name = models.CharField(_("full name"), max_length=100)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    address = models.TextField(_("address"), blank=True)
    national_id = models.CharField(_("national ID"), max_length=40, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.EMPLOYEE)
    stores = models.ManyToManyField(
        Store, related_name="staff", blank=True, verbose_name=_("stores")
    )
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)
    session_epoch = models.PositiveIntegerField(default=1, editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ("username",)
        constraints = (
            UniqueConstraint(Lower("username"), name="user_one_per_username"),
            UniqueConstraint(Lower("email"), condition=~Q(email=""), name="user_one_per_email"),
            CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
        )

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0] or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Sessions carry this hash, so a new password or a new epoch ends every older one."""
        return salted_hmac(
            "people.User.session",
            f"{self.password}{self.session_epoch}",
            secret,
            algorithm="sha256",
        ).hexdigest()

    def may(self, permission: Permission) -> bool:
        return self.is_active and permission in GRANTS[Role(self.role)]

    # What the Django admin asks. It edits only tables without a service, so office roles may
    # look at everything and the admin classes decide what can be changed.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.role in OFFICE_ROLES

    @property
    def is_superuser(self) -> bool:
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff and (self.role == Role.ADMIN or ".view_" in perm)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff
