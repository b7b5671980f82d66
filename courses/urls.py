"""The studio of content editors, and the pictures of courses."""

from django.urls import path, re_path

from courses.views import lessons, preview, revisions, scenarios, studio

app_name = "courses"
COURSE = "studio/<slug:course_key>/"
LESSON = f"{COURSE}lessons/<slug:lesson_key>/"
SCENARIO = f"{COURSE}scenarios/<slug:scenario_key>/"
PLACE = f"{SCENARIO}places/<slug:place_key>/"

urlpatterns = [
    path("studio/", studio.course_list, name="studio"),
    path("studio/markdown/", lessons.markdown, name="markdown"),
    path(COURSE, studio.course, name="course"),
    path(f"{COURSE}frame/", studio.frame, name="frame"),
    path(f"{COURSE}new-lesson/", studio.lesson_new, name="lesson_new"),
    path(LESSON, lessons.lesson, name="lesson"),
    path(f"{LESSON}move/", studio.lesson_move, name="lesson_move"),
    path(f"{LESSON}remove/", studio.lesson_remove, name="lesson_remove"),
    path(SCENARIO, scenarios.scenario, name="scenario"),
    path(f"{SCENARIO}new-place/", scenarios.place_new, name="place_new"),
    path(PLACE, scenarios.place, name="place"),
    path(f"{PLACE}remove/", scenarios.place_remove, name="place_remove"),
    path(f"{COURSE}preview/lessons/<slug:lesson_key>/", preview.lesson, name="preview_lesson"),
    path(f"{COURSE}preview/scenarios/<slug:scenario_key>/", preview.scenario, name="preview_scenario"),
    path(f"{COURSE}revisions/", revisions.revision_list, name="revisions"),
    path(f"{COURSE}compare/", revisions.compare, name="compare"),
    path(f"{COURSE}revisions/<int:number>/restore/", revisions.revision_restore, name="revision_restore"),
    re_path(r"^media/(?P<sha256>[0-9a-f]{64})/$", lessons.media, name="media"),
]
