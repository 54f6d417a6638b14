//! `GET /api/v1/openapi.json`: the description of the API, for people's tools. Open to anybody; it holds no figures.

use crate::web::Visit;
use actix_web::HttpResponse;

const DESCRIPTION: &str = include_str!("openapi.json");

/// `GET /api/v1/openapi.json`.
pub async fn show(visit: Visit) -> HttpResponse {
    let body = DESCRIPTION.replace("{origin}", &visit.portal().origin());
    HttpResponse::Ok().content_type("application/json").body(body)
}
