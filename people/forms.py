"""What people may type about people: staff and their passwords."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from people.models import Store, User
from people.permissions import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDetails:
    """What can be said of a staff member apart from name to sign in, role and password."""

    full_name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    national_id: str = ""
    language: str = ""
    store_ids: frozenset[UUID] = frozenset()


def _words(name: str, label: Any, **more: Any) -> forms.CharField:
    """A text field as long as the column it fills."""
    column: Any = User._meta.get_field(name)
    length = column.max_length
    return forms.CharField(label=label, max_length=length, required=False, **more)


class StaffForm(forms.Form):
    """A staff member's details. `stores` are those that can be chosen, read beforehand."""

    full_name = forms.CharField(label=_("Full name"), max_length=100)
    email = forms.EmailField(label=_("E-mail"), required=False)
    phone = _words("phone", _("Phone"))
    address = _words("address", _("Address"), widget=forms.Textarea(attrs={"rows": 2}))
    national_id = _words("national_id", _("National ID"))
    language = forms.ChoiceField(label=_("Language"), required=False)
    stores = forms.TypedMultipleChoiceField(
        label=_("Works at"),
        required=False,
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )

    def __init__(self, *args: Any, stores: list[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["stores"]
        chosen.choices = [(str(store.pk), store.name) for store in stores]
        language: Any = self.fields["language"]
        language.choices = [("", _("The browser's")), *settings.LANGUAGES]

    def details(self) -> StaffDetails:
        """What a valid form says."""
        said = dict(self.cleaned_data)
        names = StaffDetails.__dataclass_fields__
        return StaffDetails(
            store_ids=frozenset(said["stores"]),
            **{name: said[name] for name in names if name != "store_ids"},
        )


class HireForm(StaffForm):
    """A new staff member: the details, and what they sign in with."""

    username = forms.CharField(
        label=_("Username"), min_length=3, max_length=30, help_text=_("Letters, digits, _ and -.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.CASHIER)
    password = forms.CharField(
        label=_("First password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. They can change it once they are signed in."),
    )
    id = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ("id", "full_name", "username", "password", "role", "stores")


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Whoever is signed in with the old one is signed out."),
    )
