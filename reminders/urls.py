"""The reminder ledger's addresses."""

from django.urls import path

from reminders import address_views, nudge_views, plan_views, text_views, views

app_name = "reminders"
urlpatterns = [
    path("", views.ledger, name="ledger"),
    path("tomorrow/", views.tomorrow, name="tomorrow"),
    path("people/<int:person_id>/", views.person, name="person"),
    path("plans/", plan_views.plans, name="plans"),
    path("plans/new/", plan_views.plan_new, name="plan_new"),
    path("plans/<int:plan_id>/", plan_views.plan, name="plan"),
    path("plans/<int:plan_id>/name/", plan_views.plan_rename, name="plan_rename"),
    path("plans/<int:plan_id>/hours/", plan_views.plan_hours, name="plan_hours"),
    path("plans/<int:plan_id>/courses/", plan_views.plan_give, name="plan_give"),
    path("plans/<int:plan_id>/delete/", plan_views.plan_delete, name="plan_delete"),
    path("plans/<int:plan_id>/steps/new/", plan_views.step_new, name="step_new"),
    path("plans/<int:plan_id>/steps/<int:step_id>/", plan_views.step_change, name="step_change"),
    path("plans/<int:plan_id>/steps/<int:step_id>/remove/", plan_views.step_remove, name="step_remove"),
    path("mails/<int:reminder_id>/", views.decide, name="decide"),
    path("addresses/", address_views.addresses, name="addresses"),
    path("addresses/<int:bounce_id>/clear/", address_views.clear, name="clear_bounce"),
    path("nudge/<int:cycle_id>/", nudge_views.nudge_person, name="nudge"),
    path("texts/", text_views.text_list, name="texts"),
    path("texts/<slug:kind>/", text_views.text_edit, name="text_edit"),
    path("texts/<slug:kind>/html/", text_views.text_html, name="text_html"),
    path("texts/<slug:kind>/back/", text_views.text_back, name="text_back"),
]
