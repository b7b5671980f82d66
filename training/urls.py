"""The learner's addresses, the certificates, and publishing (which counts people)."""

from django.urls import path

from training.views import certificates, learning, publish

app_name = "training"
urlpatterns = [
    path("", learning.home, name="home"),
    path("learn/<int:cycle_id>/", learning.resume, name="resume"),
    path("learn/<int:cycle_id>/start/", learning.start, name="start"),
    path("learn/<int:cycle_id>/review/<slug:scenario_key>/", learning.review, name="review"),
    path("learn/<int:cycle_id>/<slug:slug>/", learning.step, name="step"),
    path("certificates/<slug:code>/", certificates.certificate, name="certificate"),
    path("certificates/<slug:code>/pdf/", certificates.certificate_pdf, name="certificate_pdf"),
    path("studio/<slug:course_key>/publish/", publish.publish, name="publish"),
    path("verify/", certificates.verify_form, name="verify_form"),
    path("verify/<slug:code>/", certificates.verify, name="verify"),
]
