from django.urls import path

from dashboards import views

app_name = "dashboards"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("people/", views.people_list, name="people"),
    path("people.csv", views.people_csv, name="people_csv"),
    path("departments.csv", views.departments_csv, name="departments_csv"),
]
