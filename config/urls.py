"""Every address of the site."""

from django.urls import include, path

from config import devmail, health

handler500 = "config.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("healthz/reminders", health.healthz_reminders, name="healthz_reminders"),
    path("dev/mail/", devmail.mail_list, name="dev_mail_list"),
    path("dev/mail/<str:mail_id>/", devmail.mail_detail, name="dev_mail_detail"),
    path("dev/mail/<str:mail_id>/html/", devmail.mail_html, name="dev_mail_html"),
    path("accounts/", include("accounts.sign_in_urls")),
    path("", include("accounts.urls")),
    path("reminders/", include("reminders.urls")),
    path("", include("training.urls")),
    path("", include("courses.urls")),
    path("insights/", include("dashboards.urls")),
    path("duties/", include("training.duty_urls")),
]
