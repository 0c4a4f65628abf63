"""The staff: who works here, as what and where; admins hire, change and let go."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from people.access import Request, requires
from people.forms import HireForm, PasswordForm, RoleForm, StaffForm
from people.models import Store, User
from people.permissions import Permission, Role
from people.services import staff as services
from regalpos import ids, lanes
from regalpos.errors import Invalid, NotHere, Refusal
from regalpos.screens import render_screen


@dataclass(frozen=True, slots=True)
class Person:
    """One staff member and the stores that anybody may be given, read in one trip."""

    user: User
    works_at: list[Store]
    stores: list[Store]

    def said(self) -> dict[str, Any]:
        """What the form shows at first."""
        said = {name: getattr(self.user, name) for name in services.DETAILS}
        return {**said, "stores": [str(store.pk) for store in self.works_at]}


@requires(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
async def staff(request: Request) -> HttpResponse:
    """GET: everybody, those who left last. POST: one more."""
    if request.method == "POST":
        return await _hire(request)
    people = await lanes.run(_everybody, request.actor, lane="office")
    return render_screen(request, "people/staff.html", context={"people": people})


@requires(Permission.MANAGE_STAFF)
@require_http_methods(["GET"])
async def new(request: Request) -> HttpResponse:
    """An empty form, with the id that its person will have."""
    stores = await lanes.run(_stores, request.actor, lane="office")
    chosen = [str(stores[0].pk)] if len(stores) == 1 else []
    form = HireForm(stores=stores, initial={"id": ids.new(), "stores": chosen})
    return render_screen(request, "people/staff_new.html", context={"form": form})


@requires(Permission.MANAGE_STAFF)
@require_http_methods(["GET", "POST"])
async def person(request: Request, user_id: UUID) -> HttpResponse:
    """GET: the person's page. POST: their details are as sent."""
    found = await _read(request, user_id)
    if request.method == "GET":
        return _show(request, found)
    form = StaffForm(request.POST, stores=found.stores)
    if not form.is_valid():
        return _show(request, found, form=form, status=422)
    change = partial(services.change_staff, user_id=user_id, details=form.details())
    return await _change(request, found, change, _("Saved."), form=form)


@requires(Permission.MANAGE_STAFF)
@require_POST
async def role(request: Request, user_id: UUID) -> HttpResponse:
    """The person has the role that was sent."""
    found = await _read(request, user_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _show(request, found, role_form=form, status=422)
    chosen = Role(form.cleaned_data["role"])
    change = partial(services.change_role, user_id=user_id, role=chosen)
    words = _("%(name)s is %(role)s now, and signs in again.")
    words %= {"name": found.user, "role": chosen.label}
    return await _change(request, found, change, words, role_form=form)


@requires(Permission.MANAGE_STAFF)
@require_POST
async def password(request: Request, user_id: UUID) -> HttpResponse:
    """Only the password that was sent opens from now on."""
    found = await _read(request, user_id)
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _show(request, found, password_form=form, status=422)
    change = partial(services.set_password, user_id=user_id, password=form.cleaned_data["password"])
    words = _("%(name)s has a new password.") % {"name": found.user}
    return await _change(request, found, change, words, password_form=form)


@requires(Permission.MANAGE_STAFF)
@require_POST
async def sessions(request: Request, user_id: UUID) -> HttpResponse:
    """Everything this person was signed in on is signed out."""
    found = await _read(request, user_id)
    change = partial(services.end_sessions, user_id=user_id)
    words = _("%(name)s is signed out everywhere.") % {"name": found.user}
    return await _change(request, found, change, words)


@requires(Permission.MANAGE_STAFF)
@require_POST
async def account(request: Request, user_id: UUID) -> HttpResponse:
    """The account is open or closed, as sent."""
    found = await _read(request, user_id)
    if request.POST.get("active") == "yes":
        change = partial(services.reactivate_staff, user_id=user_id)
        words = _("%(name)s may sign in again.")
    else:
        change = partial(services.deactivate_staff, user_id=user_id)
        words = _("%(name)s is signed out everywhere and cannot sign in any more.")
    return await _change(request, found, change, words % {"name": found.user})


async def _hire(request: Request) -> HttpResponse:
    stores = await lanes.run(_stores, request.actor, lane="office")
    form = HireForm(request.POST, stores=stores)
    if form.is_valid():
        said = form.cleaned_data
        hire = partial(
            services.hire_staff,
            user_id=said["id"],
            username=said["username"],
            role=Role(said["role"]),
            details=form.details(),
            password=said["password"],
            actor=request.actor,
        )
        try:
            user = await lanes.run(hire, request.actor, write=True, lane="office")
        except Refusal as refusal:
            _blame(form, refusal)
        else:
            messages.success(request, _("%(name)s can sign in now.") % {"name": user})
            return HttpResponseRedirect(reverse("people:staff"))
    return render_screen(request, "people/staff_new.html", context={"form": form}, status=422)


async def _change(
    request: Request, found: Person, change: Callable[..., User], words: str, **forms_: Any
) -> HttpResponse:
    """Run the use case, then show the person's page: anew, or as it stands with the reason."""
    try:
        unit = partial(change, actor=request.actor)
        await lanes.run(unit, request.actor, write=True, lane="office")
    except Refusal as refusal:
        for form in forms_.values():
            _blame(form, refusal)
        return _show(request, found, refusal=refusal, status=refusal.status, **forms_)
    messages.success(request, words)
    return HttpResponseRedirect(reverse("people:person", args=[found.user.pk]))


def _show(
    request: Request,
    found: Person,
    *,
    form: forms.Form | None = None,
    role_form: forms.Form | None = None,
    password_form: forms.Form | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": found.user,
        "own": found.user.pk == request.actor.user_id,
        "form": form or StaffForm(initial=found.said(), stores=found.stores),
        "role_form": role_form or RoleForm(initial={"role": found.user.role}),
        "password_form": password_form or PasswordForm(),
        "refusal": None if isinstance(refusal, Invalid) else refusal,
    }
    return render_screen(request, "people/person.html", context=context, status=status)


def _blame(form: forms.Form, refusal: Refusal) -> None:
    """Every reason next to the field it is about; the rest above them all."""
    broken = refusal.fields if isinstance(refusal, Invalid) else {}
    for name, words in broken.items():
        form.add_error(name if name in form.fields else None, words)
    if not broken:
        form.add_error(None, str(refusal.message))


async def _read(request: Request, user_id: UUID) -> Person:
    return await lanes.run(partial(_person, user_id), request.actor, lane="office")


def _everybody() -> list[User]:
    return list(User.objects.prefetch_related("stores").order_by("-is_active", "full_name"))


def _stores() -> list[Store]:
    return list(Store.objects.filter(active=True))


def _person(user_id: UUID) -> Person:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotHere
    works_at = list(user.stores.all())
    return Person(user, works_at, sorted({*_stores(), *works_at}, key=lambda store: store.code))
