"""All pages put into an application."""

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from serving.guards import install
from serving.web import (
    answers,
    audit_page,
    brand_dashboard_page,
    brand_messages_page,
    brand_page,
    briefing_page,
    bulk_page,
    case_page,
    counter_notices,
    deliveries_page,
    desk,
    documents_card,
    evidence_card,
    flow,
    held_page,
    jobs_page,
    kit_page,
    manager_brand_page,
    manager_page,
    model_page,
    notes_card,
    notes_page,
    notice_page,
    operations_page,
    price_lists_page,
    quarantine_page,
    rights_page,
    saved_filters_page,
    search_page,
    seller_page,
    sellers_of_brand_page,
    sellers_page,
    settings_page,
    setup,
    sign_in,
    standing_page,
    switches_page,
    takedown_page,
    tell_tales_page,
    webhook_page,
)
from serving.web.assets import FOLDER, PREFIX
from serving.web.errors import install_error_pages


def install_pages(app: FastAPI) -> None:
    """Routes, static files and error pages; the API's error handlers must be there already."""
    for module in (
        sign_in,
        setup,
        desk,
        saved_filters_page,
        search_page,
        bulk_page,
        case_page,
        documents_card,
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
        brand_messages_page,
        sellers_of_brand_page,
        rights_page,
        quarantine_page,
        standing_page,
        brand_dashboard_page,
        briefing_page,
        switches_page,
        counter_notices,
        deliveries_page,
        manager_page,
        manager_brand_page,
        model_page,
        notice_page,
        operations_page,
        seller_page,
        sellers_page,
        settings_page,
        kit_page,
    ):
        install(app, module.router)
    app.mount(PREFIX.rstrip("/"), StaticFiles(directory=FOLDER), name="static")
    install_error_pages(app)
