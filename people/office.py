"""The Django admin as the shop's office: one door, one look, one record of every change.

It edits only tables that have no use case of their own; the rest can be looked at. Its own views
open a transaction, in which a use case would refuse to run: only actions of a list run outside one.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import ActionLocation
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from people.access import Actor, actor_of
from people.models import Store
from people.permissions import OFFICE_ROLES, Permission, Role
from people.services import trail
from people.services.saving import changes, facts_of
from regalpos.errors import NotAllowed, Refusal

type View = Callable[..., HttpResponseBase]

STORES = {"store", "stores", "home_store"}  # how columns that lead to stores are called

if TYPE_CHECKING:
    _ModelAdmin = ModelAdmin[Any]
    _RelatedFilter = Any
else:
    _ModelAdmin = ModelAdmin  # Django's class takes no type at run time.
    _RelatedFilter = admin.RelatedFieldListFilter


class OfficeSite(admin.AdminSite):
    """Django's admin behind our gate: office roles only, signed in at the one sign-in page."""

    site_header = _("RegalPOS office")
    site_title = "RegalPOS"
    index_title = _("Settings and records")
    enable_nav_sidebar = False

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """The view behind the gate; `request.actor` is pinned as on every other door."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            actor = actor_of(request)
            if actor is None:
                return self.login(request)
            if actor.role not in OFFICE_ROLES:
                raise NotAllowed
            request.actor = actor  # type: ignore[attr-defined]
            if actor.language:
                translation.activate(actor.language)
            timezone.activate(actor.time_zone)
            return inner(request, *args, **kwargs)

        return gate

    def has_permission(self, request: HttpRequest) -> bool:
        return getattr(request, "actor", None) is not None

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one way in, and it is not here."""
        back = urlencode({"next": request.get_full_path()})
        if request.path == reverse("admin:login"):
            back = urlencode({"next": reverse("admin:index")})
        return HttpResponseRedirect(f"{resolve_url('account_login')}?{back}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Nor is the way out: it closes sockets and goes on record."""
        return HttpResponseRedirect(resolve_url("account_logout"))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(resolve_url("account_change_password"))


office = OfficeSite(name="admin")
office.disable_action("delete_selected")


def office_action(
    permission: Permission, description: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Stamps an action of a list with what it takes. A use case refuses in the shop's words."""

    def stamp(action: Callable[..., None]) -> Callable[..., None]:
        @wraps(action)
        def gate(model_admin: Any, request: Any, chosen: QuerySet[Any]) -> None:
            if not request.actor.may(permission):
                raise NotAllowed
            try:
                action(model_admin, request, chosen)
            except Refusal as refusal:
                messages.error(request, str(refusal.message))

        gate.permission = permission  # type: ignore[attr-defined]
        gate.short_description = description  # type: ignore[attr-defined]
        return gate

    return stamp


class OwnStores(_RelatedFilter):
    """A filter by store offers one's own."""

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> Any:
        ordering = self.field_admin_ordering(field, request, model_admin)
        actor = _actor(request)
        own = {} if actor.role == Role.ADMIN else {"pk__in": actor.store_ids}
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=own)


class OfficeAdmin(_ModelAdmin):
    """One table in the office: who may see it, who may change it, and whose stores it shows."""

    sees: ClassVar[Permission]
    edits: ClassVar[Permission | None] = None
    may_add: ClassVar[bool] = True  # for those who may edit
    list_per_page = 50
    store_path: ClassVar[str] = ""  # where a row's store is; empty: every store shares the table

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What belongs to the stores of whoever looks."""
        rows = super().get_queryset(request)
        actor = _actor(request)
        if self.store_path and actor.role != Role.ADMIN:
            rows = rows.filter(**{f"{self.store_path}__in": actor.store_ids})
        return rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _actor(request).may(self.sees)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.edits is not None and _actor(request).may(self.edits)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # What was used stays; most rows can be made inactive.

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request, action_location=action_location)
        actor = _actor(request)
        return {name: one for name, one in actions.items() if actor.may(one.func.permission)}

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [
            (entry, OwnStores) if str(entry).rpartition("__")[2] in STORES else entry
            for entry in super().get_list_filter(request)
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A store is chosen from one's own."""
        if db_field.remote_field.model is Store and _actor(request).role != Role.ADMIN:
            kwargs["queryset"] = Store.objects.filter(pk__in=_actor(request).store_ids)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Saved and on record, in the admin's own transaction."""
        before = _facts(type(obj)._default_manager.get(pk=obj.pk)) if change else {}
        super().save_model(request, obj, form, change)
        was, now = changes(before, _facts(type(obj)._default_manager.get(pk=obj.pk)))
        trail.record(
            f"{obj._meta.model_name}.{'changed' if change else 'added'}",
            actor=_actor(request),
            subject=obj,
            store_id=obj.pk if isinstance(obj, Store) else getattr(obj, "store_id", None),
            before=was if change else None,
            after=now,
        )

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        """The one history there is: the audit trail of this row."""
        query = urlencode({"subject_id": object_id})
        return HttpResponseRedirect(f"{reverse('admin:people_auditevent_changelist')}?{query}")

    # The audit trail is the record; a second one beside it could only differ.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any: ...


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _facts(row: models.Model) -> dict[str, Any]:
    return facts_of(row, *(column.attname for column in row._meta.concrete_fields))
