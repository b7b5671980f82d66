from django.urls import path

from accounts.views import audit, departments, people, profile, roles, roster

app_name = "accounts"

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/move/", people.move, name="move_person"),
    path("people/<int:pk>/left/", people.left, name="mark_left"),
    path("people/<int:pk>/return/", people.returned, name="take_back"),
    path("departments/", departments.departments, name="departments"),
    path("departments/create/", departments.create, name="create_department"),
    path("departments/<int:pk>/", departments.department, name="department"),
    path("departments/<int:pk>/move/", departments.move, name="move_department"),
    path("roles/", roles.roles, name="roles"),
    path("roles/<int:pk>/revoke/", roles.revoke, name="revoke_role"),
    path("roster/", roster.upload, name="roster"),
    path("roster/<uuid:pk>/", roster.preview, name="roster_preview"),
    path("audit/", audit.audit_log, name="audit"),
    path("profile/", profile.profile, name="profile"),
    path("language/", profile.language, name="language"),
]
