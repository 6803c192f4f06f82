"""All pages put into an application."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from serving.guards import install
from serving.web import kit_page
from serving.web.account import (
    help_page,
    join_page,
    keys_page,
    people_page,
    person_page,
    reference_page,
    reset_page,
    settings_page,
    setup,
    sign_in,
)
from serving.web.assets import FOLDER, PREFIX
from serving.web.brand import (
    brand_dashboard_page,
    brand_messages_page,
    brand_page,
    brand_people_page,
    briefing_page,
    counter_notices,
    manager_brand_page,
    manager_page,
    price_lists_page,
    rights_page,
    sellers_of_brand_page,
    standing_page,
    takedown_page,
    tell_tales_page,
)
from serving.web.case import (
    answers,
    bulk_page,
    case_page,
    documents_card,
    evidence_card,
    flow,
    notes_card,
    notes_page,
    pictures,
)
from serving.web.desk import held_page, my_page, queue, saved_filters_page, search_page, sellers_page
from serving.web.errors import install_error_pages
from serving.web.model import labels_page, live_page, model_card_page, model_page, runs_page, snapshots_page
from serving.web.operations import (
    audit_page,
    deliveries_page,
    jobs_page,
    operations_page,
    quarantine_page,
    switches_page,
    webhook_page,
)
from serving.web.outside import notice_page, seller_page


def install_pages(app: FastAPI) -> None:
    """Routes, static files and error pages; the API's error handlers must be there already."""
    for module in (
        sign_in,
        snapshots_page,
        setup,
        queue,
        my_page,
        saved_filters_page,
        search_page,
        bulk_page,
        case_page,
        documents_card,
        pictures,
        evidence_card,
        flow,
        notes_card,
        notes_page,
        held_page,
        jobs_page,
        answers,
        audit_page,
        brand_page,
        takedown_page,
        webhook_page,
        tell_tales_page,
        price_lists_page,
        runs_page,
        brand_messages_page,
        sellers_of_brand_page,
        rights_page,
        quarantine_page,
        standing_page,
        brand_people_page,
        brand_dashboard_page,
        briefing_page,
        switches_page,
        counter_notices,
        deliveries_page,
        manager_page,
        model_card_page,
        manager_brand_page,
        model_page,
        notice_page,
        operations_page,
        seller_page,
        sellers_page,
        settings_page,
        reference_page,
        help_page,
        people_page,
        person_page,
        keys_page,
        join_page,
        reset_page,
        kit_page,
        live_page,
        labels_page,
    ):
        install(app, module.router)
    app.mount(PREFIX.rstrip("/"), StaticFiles(directory=FOLDER), name="static")
    install_error_pages(app)
