//! Static files from inside the binary, under addresses that change with their content.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

/// An embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Its address, with a hash of its content.
    pub url: &'static str,
    /// Its type.
    pub mime: &'static str,
    /// The hash as an entity tag.
    pub etag: &'static str,
    /// Its content.
    pub raw: &'static [u8],
    /// The same, packed.
    pub brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

fn value<'r>(request: &'r HttpRequest, name: &header::HeaderName) -> &'r str {
    request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or("")
}

/// `GET /static/{name}`: kept by browsers for a year, because another content has another address.
pub async fn serve(request: HttpRequest) -> HttpResponse {
    let Some(asset) = ASSETS.iter().find(|asset| asset.url == request.path()) else {
        return HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("Not found");
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::ETAG, asset.etag))
        .insert_header((header::VARY, "Accept-Encoding"));
    if value(&request, &header::IF_NONE_MATCH).contains(asset.etag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((header::CONTENT_TYPE, asset.mime));
    let takes_brotli = value(&request, &header::ACCEPT_ENCODING).split(',').any(|coding| coding.trim().split(';').next() == Some("br"));
    match asset.brotli {
        // Set by hand: the compression middleware leaves a response alone that has a Content-Encoding.
        Some(packed) if takes_brotli => response.insert_header((header::CONTENT_ENCODING, "br")).body(packed),
        _ => response.body(asset.raw),
    }
}
