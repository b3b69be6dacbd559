"""URLs of campaigns, teams and plans; included by inspections.urls."""

from django.urls import path

from inspections.views import campaigns, exports, plans, teams

campaign_urlpatterns = [
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_add, name="campaign_add"),
    path("campaigns/<int:pk>/", campaigns.campaign, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("campaigns/<int:pk>/institutions/", campaigns.campaign_institutions, name="campaign_institutions"),
    path("campaigns/<int:pk>/unvisited.<str:kind>", exports.unvisited, name="unvisited_export"),
    path("campaigns/<int:pk>/teams/new/", teams.team_add, name="team_add"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<int:pk>/", teams.team, name="team"),
    path("teams/<int:pk>/edit/", teams.team_edit, name="team_edit"),
    path("teams/<int:pk>/members/", teams.team_members, name="team_members"),
    path("teams/<int:pk>/institutions/", teams.team_institutions, name="team_institutions"),
    path("plans/", plans.plans, name="plans"),
    path("plans/due/", plans.due, name="due_plans"),
]
