//! The limit for pages: a server of the same library with the same number of workers whose handlers render the same
//! templates from views held in memory. It has no ring around its handlers, no session and no database.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, error, web};
use askama::Template;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Renders a page from a view held in memory.
pub type Render = Arc<dyn Fn() -> askama::Result<String> + Send + Sync>;

/// A page that renders this view.
pub fn of(view: impl Template + Send + Sync + 'static) -> Render {
    Arc::new(move || view.render())
}

/// A server of bare pages.
#[derive(Debug)]
pub struct BarePages {
    /// Where it listens.
    pub address: SocketAddr,
    server: ServerHandle,
}

impl BarePages {
    /// Serves each page under its path.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(pages: Vec<(&'static str, Render)>, workers: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(move || {
            pages.iter().fold(App::new(), |app, (path, render)| {
                let render = Arc::clone(render);
                app.route(path, web::get().to(move || std::future::ready(page(&render))))
            })
        });
        let server = server.workers(workers).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, server: handle })
    }

    /// Stops it.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

fn page(render: &Render) -> actix_web::Result<HttpResponse> {
    let text = render().map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(text))
}
