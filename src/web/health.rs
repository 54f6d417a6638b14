//! Liveness, readiness and metrics, for machines.

use crate::application::Portal;
use actix_web::http::header;
use actix_web::{HttpResponse, web};

/// `GET /healthz`: the process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: the database answers and takes writes.
pub async fn ready(portal: web::Data<Portal>) -> HttpResponse {
    let (mut response, words) = match portal.check_database().await {
        Ok(()) => (HttpResponse::Ok(), "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (HttpResponse::ServiceUnavailable(), "database unavailable\n")
        }
    };
    response.insert_header((header::CACHE_CONTROL, "no-store")).content_type("text/plain; charset=utf-8").body(words)
}

/// `GET /metrics`: Prometheus text.
pub async fn metrics(portal: web::Data<Portal>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("text/plain; version=0.0.4")
        .body(portal.metrics.render())
}
