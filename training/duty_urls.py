from django.urls import path

from training.views import duties

app_name = "duties"
urlpatterns = [
    path("assign/", duties.assign, name="assign"),
    path("rules/", duties.rules, name="rules"),
    path("rules/<int:pk>/end/", duties.end_rule, name="end_rule"),
    path("people/<int:pk>/", duties.person, name="person"),
    path("cycles/<int:pk>/extend/", duties.extend, name="extend"),
    path("cycles/<int:pk>/waive/", duties.waive, name="waive"),
    path("waivers/<int:pk>/end/", duties.end_waiver, name="end_waiver"),
    path("people/<int:pk>/leave/", duties.put_on_leave, name="put_on_leave"),
    path("leaves/<int:pk>/end/", duties.end_leave, name="end_leave"),
]
