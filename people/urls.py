"""Home, and the people who work here."""

from django.urls import path, re_path

from people.views import home, staff

app_name = "people"

# Admins make accounts, set first passwords and keep addresses; nobody does so by mail.
SHUT = r"^accounts/(?:signup|email|confirm-email|login/code|password/(?:set|reset))/"

urlpatterns = [
    path("", home.home, name="home"),
    re_path(SHUT, home.nowhere, name="nowhere"),
    # /staff/
    path("staff/", staff.staff, name="staff"),
    path("staff/new/", staff.new, name="staff-new"),
    path("staff/<uuid:user_id>/", staff.person, name="person"),
    path("staff/<uuid:user_id>/role/", staff.role, name="person-role"),
    path("staff/<uuid:user_id>/password/", staff.password, name="person-password"),
    path("staff/<uuid:user_id>/sessions/", staff.sessions, name="person-sessions"),
    path("staff/<uuid:user_id>/account/", staff.account, name="person-account"),
]
